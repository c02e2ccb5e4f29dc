"""Facts about documents (公文): the elements of 条例 第九条 and GB/T 9704-2012 as far as a monitor needs them.

正文 is represented by its length and sketch, 签发人 by the office held, 附注 by whether contact details are printed:
neither texts nor persons' names leave the office.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field, StringConstraints, field_validator

from contracts.doc_no import normal_doc_no
from contracts.event import (
    ActRef,
    Count,
    Day,
    Event,
    Key,
    Model,
    Moment,
    Name,
    Note,
    Title,
    Upcaster,
    Word,
    unchanged,
)
from contracts.jurisdiction import Level
from contracts.parts import Approver, HostKind, MatterKind, Metric
from contracts.phrases import Phrases

Genre = Literal[
    "决议", "决定", "命令", "公报", "公告", "通告", "意见", "通知", "通报", "报告", "请示", "批复", "议案", "函", "纪要"
]
"""The fifteen 文种 of 条例 第八条."""
Form = Literal[
    "贯彻意见", "实施意见", "实施细则", "实施方案", "工作方案", "办法", "规定", "要点", "任务清单", "具体措施", "其他"
]
"""What travels inside a 通知 or 意见: not a 文种, but what the rules on 配套文件 speak of."""
Carrier = Literal["红头", "白头", "便函", "函", "word", "群消息", "电报"]
DocClass = Literal["综合", "专项", "规范性", "其他"]
Direction = Literal["上行", "下行", "平行"]
IssuerRank = Literal["党委政府", "办公厅室", "部门", "议事协调机构", "内设机构", "其他"]
Secrecy = Literal["绝密", "机密", "秘密"]

DocNoText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=64)]
MOST_SKETCH_VALUES: Final = 4096


class Addressee(Model):
    """主送 or 抄送机关."""

    unit: Key
    level: Level | None = None
    name: Name | None = None
    kind: HostKind | None = None


class Sketch(Model):
    """A text's fingerprint, computed at the source (see ``contracts.text``)."""

    method: Annotated[str, StringConstraints(pattern=r"^[a-z0-9\-]{1,40}$")]
    values: Annotated[tuple[Word, ...], Field(max_length=MOST_SKETCH_VALUES)]


class Basis(Model):
    """An upper document that this one implements: by 发文字号, by title, or by fact."""

    doc_no: DocNoText | None = None
    title: Title | None = None
    act: ActRef | None = None


class Section(Model):
    """A part of a text by what its heading says."""

    kind: Literal[
        "形势背景", "重要意义", "主要原则", "指导思想", "目标任务", "加强领导", "落实责任", "组织保障", "其他"
    ]
    char_count: Count | None = None


class DocumentIssued(Event):
    """An office issued a document."""

    family: ClassVar[str] = "doc"
    verb: ClassVar[str] = "issued"
    version: ClassVar[int] = 2
    title: ClassVar[str] = "发文"
    is_act: ClassVar[bool] = True
    upcasters: ClassVar[Mapping[int, Upcaster]] = {1: unchanged}

    heading: Title = Field(description="标题")
    doc_no: DocNoText | None = Field(default=None, description="发文字号, normalised to 〔〕 when it can be read")
    doc_no_raw: Annotated[str, StringConstraints(max_length=100)] | None = Field(
        default=None, description="发文字号 as typed, when it differs"
    )
    dated: Day = Field(description="成文日期")
    issuer_name: Name | None = Field(default=None, description="发文机关署名")
    letterhead: Name | None = Field(default=None, description="发文机关标志")
    issuer_rank: IssuerRank | None = None
    co_issuers: tuple[Key, ...] = ()
    genre: Genre | None = Field(default=None, description="文种")
    form: Form | None = Field(default=None, description="What the 文种 carries, e.g. 实施方案")
    carrier: Carrier | None = None
    doc_class: DocClass | None = None
    direction: Direction | None = Field(default=None, description="行文方向")
    addressees: tuple[Addressee, ...] = Field(default=(), description="主送机关")
    copied_to: tuple[Addressee, ...] = Field(default=(), description="抄送机关")
    matter: Name | None = Field(default=None, description="事项")
    signer_title: Name | None = Field(default=None, description="签发人的职务")
    signed_on: Day | None = Field(default=None, description="签发日期")
    printed_on: Day | None = Field(default=None, description="印发日期")
    printed_by: Name | None = Field(default=None, description="印发机关")
    copy_no: Annotated[str, StringConstraints(max_length=20)] | None = Field(default=None, description="份号")
    copies: Count | None = Field(default=None, description="印数")
    secrecy_level: Secrecy | None = Field(default=None, description="密级; the secrecy gate refuses any value")
    secrecy_term: Annotated[str, StringConstraints(max_length=20)] | None = Field(default=None, description="保密期限")
    urgency: Literal["特急", "加急", "特提", "平急"] | None = Field(default=None, description="紧急程度")
    sealed: bool | None = Field(default=None, description="印章")
    attachment_note: Note | None = Field(default=None, description="附件说明")
    attachments: Count | None = Field(default=None, description="附件 (count)")
    has_contact_name: bool | None = Field(default=None, description="附注: 联系人 is printed")
    has_contact_phone: bool | None = Field(default=None, description="附注: 联系方式 is printed")
    char_count: Count | None = Field(default=None, description="正文字数")
    count_method: Annotated[str, StringConstraints(max_length=40)] | None = None
    pages: Count | None = Field(default=None, description="页码 (count of pages)")
    sketch: Sketch | None = None
    implements: tuple[Basis, ...] = ()
    no_matching: bool | None = Field(default=None, description="It declares 不再另行制定配套文件")
    requires_matching: bool | None = Field(default=None, description="It explicitly requires 配套文件 below")
    approval_ref: Name | None = Field(default=None, description="核准 or 审批 reference")
    plan_item: Key | None = None
    corrects: ActRef | None = Field(
        default=None, description="The document that this one corrects or supplements (更正, 补充)"
    )
    draft: Key | None = Field(
        default=None, description="拟稿编号: names what was drafted, reviewed and assessed before"
    )
    phrases: Phrases = Field(default=None, description="文本要求")
    sections: tuple[Section, ...] | None = Field(default=None, description="文件各部分; null is not read")
    reply_due: tuple[Day, ...] | None = Field(default=None, description="要求回复的截止日期; empty is none asked for")
    metrics: tuple[Metric, ...] | None = Field(default=None, description="提出的指标")
    normative: bool | None = Field(default=None, description="是否规范性文件")
    special: bool | None = Field(default=None, description="是否专门文件: made for the one matter it speaks of")
    instructive: bool | None = Field(default=None, description="是否指令性公文")
    necessity: Literal["日常", "临时性", "配套类", "分工类"] | None = Field(default=None, description="发文缘由")
    matter_kind: MatterKind | None = Field(default=None, description="事项性质")
    remit: Literal["党务", "政务", "党政共管"] | None = Field(default=None, description="事项职权")
    supersedes: tuple[Basis, ...] = Field(default=(), description="所取代的文件")
    reverses: bool | None = Field(default=None, description="是否改变此前规定")
    agreed: bool | None = Field(default=None, description="涉及部门是否协商一致")
    countersigned_by: tuple[Key, ...] | None = Field(default=None, description="会签单位; null is unknown")
    bypassed: tuple[Key, ...] | None = Field(default=None, description="被越过的机关; empty is none, null is unknown")
    merged: Count | None = Field(default=None, description="合并印发的文件数 (多文合一)")
    requests: Count | None = Field(default=None, description="请示事项数")
    approver: Approver | None = Field(default=None, description="批准人或机关")
    approver_level: Level | None = Field(default=None, description="批准机关层级")
    approved_on: Day | None = Field(default=None, description="批准日期")
    filing_ref: Name | None = Field(default=None, description="报备文号")
    secrecy_basis: Name | None = Field(default=None, description="定密依据; the secrecy gate refuses any level")

    @field_validator("doc_no")
    @classmethod
    def _normalise(cls, text: str | None) -> str | None:
        """Rewrite a readable 发文字号 in the form of GB/T 9704; leave others (令, 国令) as they are."""
        return (normal_doc_no(text) or text) if text else text


class DocumentReceived(Event):
    """An addressee registered a document that it received (收文)."""

    family: ClassVar[str] = "doc"
    verb: ClassVar[str] = "received"
    title: ClassVar[str] = "收文"
    is_act: ClassVar[bool] = True

    document: ActRef | None = None
    doc_no: DocNoText | None = None
    received_at: Moment


class DocumentRevoked(Event):
    """An office revoked a document that it had issued."""

    family: ClassVar[str] = "doc"
    verb: ClassVar[str] = "revoked"
    title: ClassVar[str] = "文件废止"
    is_act: ClassVar[bool] = True

    document: ActRef | None = None
    doc_no: DocNoText | None = None
    revoked_on: Day
    reason: Note | None = None


class DocumentDrafted(Event):
    """An office drafted a document and gave it into 办文."""

    family: ClassVar[str] = "doc"
    verb: ClassVar[str] = "drafted"
    title: ClassVar[str] = "拟文"
    is_act: ClassVar[bool] = True

    draft: Key = Field(description="拟稿编号")
    heading: Title = Field(description="标题")
    drafted_on: Day | None = Field(default=None, description="拟稿日期")
    genre: Genre | None = Field(default=None, description="文种")
    form: Form | None = Field(default=None, description="内容形式")
    doc_class: DocClass | None = Field(default=None, description="公文类别")
    matter: Name | None = Field(default=None, description="事项")
    normative: bool | None = Field(default=None, description="是否规范性文件")
    special: bool | None = Field(default=None, description="是否专门文件")
    addressees: tuple[Addressee, ...] = Field(default=(), description="拟主送机关")
    implements: tuple[Basis, ...] = Field(default=(), description="所贯彻的上位文件")
    plan_item: Key | None = Field(default=None, description="所属计划项")
    char_count: Count | None = Field(default=None, description="正文字数")
    count_method: Annotated[str, StringConstraints(max_length=40)] | None = Field(
        default=None, description="字数统计方法"
    )
    sketch: Sketch | None = Field(default=None, description="文本指纹")
    phrases: Phrases = Field(default=None, description="文本要求")
    sections: tuple[Section, ...] | None = Field(default=None, description="文件各部分")


class _OfDraft(Event):
    """Something done with a draft or a document: one of them is named, by its 拟稿编号, as a fact or by 发文字号."""

    draft: Key | None = Field(default=None, description="拟稿编号")
    document: ActRef | None = Field(default=None, description="所指文件")
    doc_no: DocNoText | None = Field(default=None, description="发文字号")


class DocumentReviewed(_OfDraft):
    """A draft passed through one step of review, or did not."""

    family: ClassVar[str] = "doc"
    verb: ClassVar[str] = "reviewed"
    title: ClassVar[str] = "文件审核"
    is_act: ClassVar[bool] = True

    kind: Literal["审核把关", "合法性审核", "配套核准", "部门协商", "发文审批", "集体审议"] = Field(description="环节")
    result: Literal["同意", "修改后同意", "不同意", "未达成一致"] | None = Field(default=None, description="结果")
    submitted_on: Day | None = Field(default=None, description="送审日期")
    reviewed_on: Day | None = Field(default=None, description="审核日期")
    reviewer: Key | None = Field(default=None, description="审核单位")
    approver: Approver | None = Field(default=None, description="批准人或机关")
    approver_level: Level | None = Field(default=None, description="批准机关层级")
    ref: Name | None = Field(default=None, description="审核意见文号")


class DocumentAssessed(_OfDraft):
    """A document was assessed for its consistency with 为基层减负 (若干规定 一·3)."""

    family: ClassVar[str] = "doc"
    verb: ClassVar[str] = "assessed"
    title: ClassVar[str] = "一致性评估"
    is_act: ClassVar[bool] = True

    result: Literal["一致", "修改后一致", "不一致"] | None = Field(default=None, description="结果")
    assessed_on: Day | None = Field(default=None, description="评估日期")
    assessor: Key | None = Field(default=None, description="评估单位")
    checked: tuple[Name, ...] | None = Field(default=None, description="评估内容; null is unknown")
    adds_burden: bool | None = Field(default=None, description="是否增加基层负担")


class DocumentFiled(_OfDraft):
    """A document was filed with a superior (备案, 报备)."""

    family: ClassVar[str] = "doc"
    verb: ClassVar[str] = "filed"
    title: ClassVar[str] = "文件备案"
    is_act: ClassVar[bool] = True

    kind: Literal["规范性文件备案", "发文报备", "其他"] | None = Field(default=None, description="类别")
    filed_on: Day = Field(description="备案日期")
    filed_with: Key | None = Field(default=None, description="备案机关")
    filing_ref: Name | None = Field(default=None, description="报备文号")
    result: Literal["准予备案", "退回", "审查中"] | None = Field(default=None, description="结果")


class DocumentDeclassified(_OfDraft):
    """An office lifted the secrecy of a document; neither its former level nor its text is stated."""

    family: ClassVar[str] = "doc"
    verb: ClassVar[str] = "declassified"
    title: ClassVar[str] = "文件解密"
    is_act: ClassVar[bool] = True

    declassified_on: Day = Field(description="解密日期")
    due_on: Day | None = Field(default=None, description="应解密日期")
    decided_by: Key | None = Field(default=None, description="解密决定机关")
