"""Facts about 指尖: government apps, accounts and work groups."""

from typing import ClassVar, Literal

from pydantic import Field

from contracts.event import ActRef, Count, Day, Event, Key, Model, Name, Title
from contracts.jurisdiction import Level
from contracts.parts import Approved, Money
from contracts.phrases import Phrases

AppKind = Literal["移动应用", "小程序", "快应用", "公众账号", "网络平台", "功能模块", "其他"]
Audience = Literal["基层干部", "教师", "学生家长", "群众", "企业", "本单位", "其他"]


class AppFlags(Model):
    """What an app makes people do; null is unknown."""

    checkin: bool | None = Field(default=None, description="打卡签到")
    ranking: bool | None = Field(default=None, description="积分排名")
    online_time: bool | None = Field(default=None, description="在线时长")
    forced_install: bool | None = Field(default=None, description="强制下载推广")
    install_rate: bool | None = Field(default=None, description="限定安装使用率")
    forced_login: bool | None = Field(default=None, description="强制定期登录")
    photo_upload: bool | None = Field(default=None, description="截图留痕、照片轨迹上传")
    voting: bool | None = Field(default=None, description="投票点赞转发")
    form_filling: bool | None = Field(default=None, description="填表报数")
    inspection: bool | None = Field(default=None, description="以线上方式督查检查考核")
    commercial: bool | None = Field(default=None, description="经营性活动")
    complaint: bool | None = Field(default=None, description="提供投诉建议功能")
    real_name: bool | None = Field(default=None, description="实名")
    unified_entry: bool | None = Field(default=None, description="接入统一入口和身份认证")
    purpose: Literal["安保", "应急", "其他"] | None = Field(default=None, description="用途: two are excepted")


class _OfApp(Event):
    """Something about an app."""

    app: Key = Field(description="应用编号")
    name: Name | None = Field(default=None, description="名称")


class AppRegistered(_OfApp):
    """An app was entered in the register (备案), or its entry changed."""

    family: ClassVar[str] = "app"
    verb: ClassVar[str] = "registered"
    title: ClassVar[str] = "应用备案"
    is_act: ClassVar[bool] = True

    kind: AppKind | None = Field(default=None, description="类别")
    owner: Key | None = Field(default=None, description="主办单位")
    owner_level: Level | None = Field(default=None, description="主办单位层级")
    audience: tuple[Audience, ...] | None = Field(default=None, description="使用对象; null is unknown")
    audience_size: Count | None = Field(default=None, description="使用对象人数")
    lowest_level: Level | None = Field(default=None, description="使用到的最低层级")
    functions: tuple[Name, ...] | None = Field(default=None, description="功能; null is unknown")
    flags: AppFlags | None = Field(default=None, description="功能和要求")
    filing_no: Name | None = Field(default=None, description="备案编号")
    submitted_on: Day | None = Field(default=None, description="提交日期")
    filed_on: Day | None = Field(default=None, description="备案日期")
    change: Literal["新备案", "变更", "注销"] | None = Field(default=None, description="备案类型")
    provincial_platform: bool | None = Field(default=None, description="是否经省级平台报送")
    phrases: Phrases = Field(default=None, description="文本要求 of its rules")


class AppProjectApproved(_OfApp, Approved):
    """A project to build, rebuild or buy an app was examined (立项审批)."""

    family: ClassVar[str] = "app"
    verb: ClassVar[str] = "project_approved"
    title: ClassVar[str] = "应用立项审批"
    is_act: ClassVar[bool] = True

    kind: Literal["新建", "改建", "购买服务"] | None = Field(default=None, description="类别")
    fits_plan: bool | None = Field(default=None, description="是否符合规划")
    overlaps: bool | None = Field(default=None, description="是否与已有应用功能重复")
    embeddable: bool | None = Field(default=None, description="是否能嵌入已有应用")
    cooperates: bool | None = Field(default=None, description="是否支持业务协同")
    shares_data: bool | None = Field(default=None, description="是否支持数据共享")
    budget: Money | None = Field(default=None, description="预算")
    result: Literal["同意", "不同意"] | None = Field(default=None, description="结果")


class AppLaunched(_OfApp, Approved):
    """An app went live."""

    family: ClassVar[str] = "app"
    verb: ClassVar[str] = "launched"
    title: ClassVar[str] = "应用上线"
    is_act: ClassVar[bool] = True

    kind: AppKind | None = Field(default=None, description="类别")
    owner_level: Level | None = Field(default=None, description="主办单位层级")
    audience: tuple[Audience, ...] | None = Field(default=None, description="使用对象; null is unknown")
    launched_on: Day = Field(description="上线日期")
    filing_no: Name | None = Field(default=None, description="备案编号")
    functions: tuple[Name, ...] | None = Field(default=None, description="功能; null is unknown")
    flags: AppFlags | None = Field(default=None, description="功能和要求")


class AppUsed(_OfApp):
    """How much an app was used in a period."""

    family: ClassVar[str] = "app"
    verb: ClassVar[str] = "used"
    title: ClassVar[str] = "应用使用情况"
    is_act: ClassVar[bool] = True

    measured_on: Day = Field(description="统计日期")
    period_days: Count | None = Field(default=None, description="统计天数")
    active_users: Count | None = Field(default=None, description="活跃用户数")
    daily_users: Count | None = Field(default=None, description="日均用户数")
    audience_size: Count | None = Field(default=None, description="使用对象人数")
    updated_on: Day | None = Field(default=None, description="最近更新日期")
    items_per_person: Count | None = Field(default=None, description="人均每日处理事项数")
    seasonal: bool | None = Field(default=None, description="是否季节性应用")


class AppNoticed(_OfApp):
    """A notice about an app was given: of its closing, or asking people to install or use it."""

    family: ClassVar[str] = "app"
    verb: ClassVar[str] = "noticed"
    title: ClassVar[str] = "应用公告"
    is_act: ClassVar[bool] = True

    kind: Literal["关停公告", "推广使用", "更新", "其他"] = Field(description="类别")
    noticed_on: Day = Field(description="公告日期")
    closes_on: Day | None = Field(default=None, description="拟关停日期")
    addressees: tuple[Key, ...] = Field(default=(), description="告知单位")
    addressee_level: Level | None = Field(default=None, description="告知单位层级")
    flags: AppFlags | None = Field(default=None, description="功能和要求")
    phrases: Phrases = Field(default=None, description="文本要求")


class AppClosed(_OfApp):
    """An app was shut down and struck off."""

    family: ClassVar[str] = "app"
    verb: ClassVar[str] = "closed"
    title: ClassVar[str] = "应用关停"
    is_act: ClassVar[bool] = True

    closed_on: Day = Field(description="关停日期")
    reason: Literal["空壳", "僵尸", "功能重复", "到期", "整合", "其他"] | None = Field(default=None, description="原因")
    filing_cancelled: bool | None = Field(default=None, description="是否注销备案")


class AppDataDisposed(_OfApp):
    """The data of an app were disposed of."""

    family: ClassVar[str] = "app"
    verb: ClassVar[str] = "data_disposed"
    title: ClassVar[str] = "应用数据处置"
    is_act: ClassVar[bool] = True

    disposed_on: Day = Field(description="处置日期")
    method: Literal["迁移", "归档", "销毁", "其他"] | None = Field(default=None, description="处置方式")


class GroupCreated(Event):
    """A work group was created (工作群)."""

    family: ClassVar[str] = "grp"
    verb: ClassVar[str] = "created"
    title: ClassVar[str] = "工作群建立"
    is_act: ClassVar[bool] = True

    group: Key = Field(description="群组编号")
    name: Title | None = Field(default=None, description="名称")
    platform: Literal["微信", "QQ", "钉钉", "政务微信", "其他"] | None = Field(default=None, description="平台")
    owner: Key | None = Field(default=None, description="主办单位")
    created_on: Day = Field(description="建立日期")
    members: Count | None = Field(default=None, description="成员数")
    lowest_level: Level | None = Field(default=None, description="使用到的最低层级")
    audience: tuple[Audience, ...] | None = Field(default=None, description="使用对象; null is unknown")
    real_name: bool | None = Field(default=None, description="是否实名准入")
    has_rules: bool | None = Field(default=None, description="是否有管理制度")
    filing_no: Name | None = Field(default=None, description="备案编号")
    temporary: bool | None = Field(default=None, description="是否临时群")
    task_ends: Day | None = Field(default=None, description="任务结束日期")
    phrases: Phrases = Field(default=None, description="文本要求 of its messages")


class GroupClosed(Event):
    """A work group was closed."""

    family: ClassVar[str] = "grp"
    verb: ClassVar[str] = "closed"
    title: ClassVar[str] = "工作群解散"
    is_act: ClassVar[bool] = True

    group: Key = Field(description="群组编号")
    closed_on: Day = Field(description="关停日期")
    created: ActRef | None = Field(default=None, description="所建群组")
