"""Facts about documents (公文): the elements of 条例 第九条 and GB/T 9704-2012 as far as a monitor needs them.

正文 is represented by its length and sketch, 签发人 by the office held, 附注 by whether contact details are printed:
neither texts nor persons' names leave the office.
"""

from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field, StringConstraints, field_validator

from contracts.doc_no import parse_doc_no
from contracts.event import ActRef, Count, Day, Event, Key, Model, Moment, Name, Note, Title, Word
from contracts.jurisdiction import Level

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


class Sketch(Model):
    """A text's fingerprint, computed at the source (see ``contracts.text``)."""

    method: Annotated[str, StringConstraints(pattern=r"^[a-z0-9\-]{1,40}$")]
    values: Annotated[tuple[Word, ...], Field(max_length=MOST_SKETCH_VALUES)]


class Basis(Model):
    """An upper document that this one implements: by 发文字号, by title, or by fact."""

    doc_no: DocNoText | None = None
    title: Title | None = None
    act: ActRef | None = None


class DocumentIssued(Event):
    """An office issued a document."""

    family: ClassVar[str] = "doc"
    verb: ClassVar[str] = "issued"
    title: ClassVar[str] = "发文"
    is_act: ClassVar[bool] = True

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

    @field_validator("doc_no")
    @classmethod
    def _normalise(cls, text: str | None) -> str | None:
        """Rewrite a readable 发文字号 in the form of GB/T 9704; leave others (令, 国令) as they are."""
        parsed = parse_doc_no(text) if text else None
        return str(parsed) if parsed else text


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
