"""Facts about 证明."""

from typing import ClassVar, Literal

from pydantic import Field

from contracts.event import ActRef, Day, Event, Key, Name


class CertificateDemanded(Event):
    """An office demanded that a certificate be brought."""

    family: ClassVar[str] = "cert"
    verb: ClassVar[str] = "demanded"
    title: ClassVar[str] = "证明索要"
    is_act: ClassVar[bool] = True

    item: Name = Field(description="证明事项, e.g. 婚姻状况证明")
    issuer_unit: Key | None = Field(default=None, description="Who is asked to issue it")
    issuer_kind: Literal["村居", "公安", "民政", "学校", "单位", "其他"] | None = None
    matter: Name | None = Field(default=None, description="The service that it is demanded for")
    basis: Name | None = None
    shareable: bool | None = None


class CertificateIssued(Event):
    """A unit issued a certificate."""

    family: ClassVar[str] = "cert"
    verb: ClassVar[str] = "issued"
    title: ClassVar[str] = "证明出具"
    is_act: ClassVar[bool] = True

    item: Name = Field(description="证明事项")
    issuer_kind: Literal["村居", "公安", "民政", "学校", "单位", "其他"] | None = Field(
        default=None, description="出具方的类别"
    )
    issued_on: Day | None = Field(default=None, description="出具日期")
    demander: Key | None = Field(default=None, description="索要单位")
    demand: ActRef | None = Field(default=None, description="所答复的要求")
    matter: Name | None = Field(default=None, description="办理事项")
    electronic: bool | None = Field(default=None, description="是否电子证明")
