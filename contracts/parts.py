"""What the facts of several families are made of: approvals, company, measures, phrases of who did it."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.event import Day, Model, Name
from contracts.jurisdiction import Level

Approver = Literal["党委政府", "主要领导", "分管领导", "办公厅室", "部门", "其他"]
"""In whose name something was approved."""
HostKind = Literal["党委", "政府", "党委政府部门", "群团", "议事协调机构", "乡镇街道", "行业协会", "企业", "其他"]
"""What kind of body acts; the registered kind of its unit is used where this is not stated."""
MatterKind = Literal["社会事务", "业务工作", "综合工作", "机构人事", "应急", "其他"]
Rank = Literal["主要负责同志", "分管负责同志", "部门主要负责同志", "部门分管负责同志", "工作人员"]
"""What somebody is in his unit, as far as rules ask."""
Channel = Literal[
    "公文系统", "一表通", "政务应用", "电子邮件", "QQ群", "微信群", "钉钉群", "电话", "会议", "纸质", "其他"
]
Quantity = Annotated[float, Field(ge=-1e15, le=1e15)]
"""A measured value in a unit that is stated elsewhere."""
Money = Annotated[float, Field(ge=0, le=1e15)]
"""An amount in 元."""
Share = Annotated[float, Field(ge=0, le=100)]
"""Per cent."""


class Approved(Model):
    """Whether and by whom something was approved; all absent is: not stated, which is not "not approved"."""

    approval_ref: Name | None = Field(default=None, description="审批文号")
    approved_on: Day | None = Field(default=None, description="批准日期")
    approver: Approver | None = Field(default=None, description="批准人或机关")
    approver_level: Level | None = Field(default=None, description="批准机关层级")


class Based(Model):
    """What something rests on."""

    basis: Name | None = Field(default=None, description="依据: the document or law, by 发文字号 or title")
    basis_issuer: Name | None = Field(default=None, description="依据的制定机关")
    basis_level: Level | None = Field(default=None, description="依据的层级: 0 is 党中央、国务院, 1 the province")


class Escort(Model):
    """Somebody who went along (陪同)."""

    rank: Rank | None = None
    level: Level | None = None


class Metric(Model):
    """A target value: what is measured, how much, and whether more or less is stricter."""

    metric: Name
    value: Quantity
    direction: Literal["不低于", "不高于", "等于"] | None = None
    measure: Name | None = Field(default=None, description="计量单位")
    due: Day | None = None
