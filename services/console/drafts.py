"""The forms of 发前核查: which fields of a draft the rules need. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, get_args

from contracts.catalog import BY_NAME
from contracts.documents import Carrier, DocClass, Form, Genre, IssuerRank
from contracts.inspections import InspectionKind, InspectionMode, TargetKind
from contracts.meetings import MeetingClass, MeetingKind, Mode, Role
from contracts.parts import HostKind
from contracts.reports import Period
from contracts.secondments import PersonKind

Options = tuple[tuple[str, str], ...]


class Kind(StrEnum):
    """How a field is filled in."""

    TEXT = "text"
    LINES = "lines"
    NUMBER = "number"
    DAY = "day"
    MOMENT = "moment"
    CHOICE = "choice"
    LEVEL = "level"
    YES_NO = "yes_no"
    ROLES = "roles"
    ACT = "act"
    BODY = "body"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form; ``name`` is the field of the event."""

    name: str
    label: str
    kind: Kind = Kind.TEXT
    options: Options = ()
    hint: str = ""
    required: bool = False
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """One kind of act that can be checked before it is done."""

    key: str
    title: str
    event: str
    when: str
    """The field that says when it will happen."""
    fields: tuple[Field, ...]
    targets: str = ""
    """The field that is a list of units, each with the level chosen in ``target_level``."""

    @property
    def type_name(self) -> str:
        """The CloudEvents type of the act."""
        return BY_NAME[self.event].type_name()

    @property
    def labels(self) -> Mapping[str, str]:
        """Field -> its label."""
        return {field.name: field.label for field in self.fields}


def _among(values: Iterable[str]) -> Options:
    return tuple((value, value) for value in values)


LEVELS: Final[Options] = tuple(
    (str(number), name) for number, name in enumerate(("中央", "省", "市", "县", "乡", "村"))
)
YES_NO: Final[Options] = (("", "不详"), ("yes", "是"), ("no", "否"))

_ISSUER_KINDS: Final = _among(("村居", "公安", "民政", "学校", "单位", "其他"))
_BASIS_LEVELS: Final[Options] = (("上级", "上级明确要求"), ("主要领导", "本级主要领导明确要求"), ("无", "没有"))
_CHANNELS: Final = _among(("公文系统", "一表通", "电子邮件", "QQ群", "微信群", "电话", "纸质", "其他"))
_REPORT_KINDS: Final = _among(("工作情况", "统计数据", "意见建议", "其他"))
_SCHOOL_KINDS: Final = _among(("机关", "事业单位", "学校", "村居", "其他"))
_BODY_HINT: Final = "只用于计算字数、相似度指纹和找出提出的要求，随即丢弃，不保存、不转发"
_UNITS_HINT: Final = "单位名称或编号，每行一个"
_PLAN: Final = Field("plan_item", "年度计划项编号", hint="未列入计划的留空")
_APPROVAL: Final = Field("approval_ref", "审批（核准）文号", hint="没有审批的留空")
_MATTER: Final = Field("matter", "事项", hint="与台账用同一名称，便于识别重复")

DRAFTS: Final = (
    Draft(
        "document",
        "文件",
        "doc.issued",
        "dated",
        (
            Field("dated", "拟印发日期", Kind.DAY, required=True),
            Field("heading", "标题", required=True, wide=True),
            Field("genre", "文种", Kind.CHOICE, _among(get_args(Genre))),
            Field("form", "内容形式", Kind.CHOICE, _among(get_args(Form)), "通知、意见所印发的内容"),
            Field("doc_class", "类别", Kind.CHOICE, _among(get_args(DocClass))),
            Field("carrier", "载体", Kind.CHOICE, _among(get_args(Carrier))),
            Field("issuer_rank", "以何种名义", Kind.CHOICE, _among(get_args(IssuerRank))),
            _MATTER,
            Field("addressees", "主送单位", Kind.LINES, hint=_UNITS_HINT),
            Field("target_level", "主送到哪一级", Kind.LEVEL, LEVELS),
            Field("target_kind", "主送机关类别", Kind.CHOICE, _among(get_args(HostKind))),
            _PLAN,
            _APPROVAL,
            Field("parent_no", "所贯彻的上级文件文号", hint="配套文件填写，例如 青政发〔2026〕3号"),
            Field("parent_title", "所贯彻的上级文件标题"),
            Field("has_contact_name", "附注印有联系人", Kind.YES_NO, YES_NO),
            Field("has_contact_phone", "附注印有联系方式", Kind.YES_NO, YES_NO),
            Field("special", "专门文件", Kind.YES_NO, YES_NO, "专为所涉事项制发的文件"),
            Field("requests", "请示事项数", Kind.NUMBER, hint="请示填写"),
            Field("pages", "页数", Kind.NUMBER),
            Field("char_count", "正文字数", Kind.NUMBER, hint="粘贴正文后自动计算，可不填"),
            Field("body", "正文", Kind.BODY, hint=_BODY_HINT),
        ),
        "addressees",
    ),
    Draft(
        "meeting",
        "会议",
        "mtg.convened",
        "starts_at",
        (
            Field("meeting_class", "会议类别", Kind.CHOICE, _among(get_args(MeetingClass))),
            Field("topic", "会议名称", required=True, wide=True),
            Field("starts_at", "开始时间", Kind.MOMENT, required=True),
            Field("ended_at", "预计结束时间", Kind.MOMENT),
            Field("kind", "会议性质", Kind.CHOICE, _among(get_args(MeetingKind))),
            Field("mode", "召开方式", Kind.CHOICE, _among(get_args(Mode))),
            Field("level", "召集单位层级", Kind.LEVEL, LEVELS),
            Field("reach_level", "开到哪一级", Kind.LEVEL, LEVELS),
            Field("required", "要求到会人员", Kind.ROLES, _among(get_args(Role))),
            Field("target_level", "到会人员层级", Kind.LEVEL, LEVELS),
            Field("convener_role", "召集人", Kind.CHOICE, _among(get_args(Role))),
            Field("planned_attendees", "计划参会人数", Kind.NUMBER),
            _MATTER,
            _PLAN,
            _APPROVAL,
            Field("approver_role", "审批人", Kind.CHOICE, _among(get_args(Role))),
            Field("parent", "所贯彻的上级会议", Kind.ACT, hint="台账中该会议页面上的 26 位编号"),
            Field("same_session", "在上级视频会后接着开", Kind.YES_NO, YES_NO),
            Field("new_arrangement", "新的工作安排", hint="没有的留空"),
        ),
    ),
    Draft(
        "inspection",
        "督查检查",
        "ins.launched",
        "announced_at",
        (
            Field("announced_at", "开展时间", Kind.MOMENT, required=True),
            Field("topic", "督查检查名称", required=True, wide=True),
            Field("kind", "类别", Kind.CHOICE, _among(get_args(InspectionKind))),
            Field("mode", "方式", Kind.CHOICE, _among(get_args(InspectionMode))),
            Field("targets", "检查对象", Kind.LINES, hint=_UNITS_HINT),
            Field("target_level", "对象层级", Kind.LEVEL, LEVELS),
            Field("joint_owners", "联合部门", Kind.LINES, hint=_UNITS_HINT),
            Field("emergency", "应急类", Kind.YES_NO, YES_NO),
            _MATTER,
            _PLAN,
            Field("approval_ref", "一事一报批准文号", hint="计划外的须有"),
            Field("target_kind", "对象类别", Kind.CHOICE, _among(get_args(TargetKind))),
            Field("criteria", "评价标准", Kind.LINES, hint="每行一项"),
            Field("evidence_required", "要求提供的材料", Kind.LINES, hint="每行一项"),
            Field("body", "通知正文", Kind.BODY, hint=_BODY_HINT),
        ),
        "targets",
    ),
    Draft(
        "secondment",
        "借调",
        "sec.started",
        "started_on",
        (
            Field("person", "人员代号", required=True, hint="与台账一致的代号（6 位以上字母数字），不得填写姓名"),
            Field("person_kind", "人员类别", Kind.CHOICE, _among(get_args(PersonKind)), required=True),
            Field("loan", "借调编号", required=True),
            Field("from_unit", "借出单位编号", required=True),
            Field("from_level", "借出单位层级", Kind.LEVEL, LEVELS),
            Field("from_kind", "借出单位性质", Kind.CHOICE, _SCHOOL_KINDS),
            Field("to_unit", "借入单位编号", required=True),
            Field("to_level", "借入单位层级", Kind.LEVEL, LEVELS),
            Field("started_on", "开始日期", Kind.DAY, required=True),
            Field("planned_end", "计划结束日期", Kind.DAY),
            Field("label", "名义", hint="借调、跟班学习、抽调、专班等"),
            Field("reason", "事由"),
            Field("major_task", "重大任务", Kind.YES_NO, YES_NO),
            Field("consent_education", "教育部门同意文号", hint="借调教师须有"),
            Field("consent_party", "同级党委审批备案文号", hint="借调教师须有"),
        ),
    ),
    Draft(
        "certificate",
        "证明",
        "cert.demanded",
        "",
        (
            Field("item", "证明事项", required=True, hint="例如 婚姻状况证明"),
            Field("issuer_kind", "由谁出具", Kind.CHOICE, _ISSUER_KINDS),
            Field("issuer_unit", "出具单位编号"),
            Field("matter", "用于办理的业务"),
            Field("basis", "依据", hint="法律法规名称和条款"),
            Field("shareable", "可通过数据共享取得", Kind.YES_NO, YES_NO),
        ),
    ),
    Draft(
        "demand",
        "报表任务",
        "rpt.demanded",
        "sent_at",
        (
            Field("kind", "类别", Kind.CHOICE, _REPORT_KINDS),
            Field("subject_matter", "报送内容", required=True, wide=True),
            Field("sent_at", "下发时间", Kind.MOMENT, required=True),
            Field("received_at", "收到时间", Kind.MOMENT),
            Field("due_at", "报送时限", Kind.MOMENT),
            Field("special_time_limit", "有特定时限要求", Kind.YES_NO, YES_NO),
            Field("period", "周期", Kind.CHOICE, _among(get_args(Period))),
            Field("addressees", "报送单位", Kind.LINES, hint=_UNITS_HINT),
            Field("addressee_level", "报送单位层级", Kind.LEVEL, LEVELS),
            Field("items", "数据项", Kind.LINES, hint="每行一项"),
            Field("form_id", "一表通表单编号"),
            Field("channel", "渠道", Kind.CHOICE, _CHANNELS),
            Field("submit_as", "要求以何种名义报送"),
            Field("reply_if_none", "无意见也须回复", Kind.YES_NO, YES_NO),
            Field("basis", "依据"),
            Field("basis_level", "谁明确要求", Kind.CHOICE, _BASIS_LEVELS),
            Field("body", "通知正文", Kind.BODY, hint=_BODY_HINT),
        ),
    ),
)
BY_KEY: Final[Mapping[str, Draft]] = {draft.key: draft for draft in DRAFTS}
