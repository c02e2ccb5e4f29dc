"""Facts about tasks (任务): what a level asks of the one below."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from contracts.checks import not_before
from contracts.event import ActRef, Day, Event, Key, Moment, Name, Title
from contracts.jurisdiction import Level
from contracts.parts import Based, Channel, Metric
from contracts.phrases import Phrases


class TaskAssigned(Event, Based):
    """An office assigned a task."""

    family: ClassVar[str] = "task"
    verb: ClassVar[str] = "assigned"
    title: ClassVar[str] = "任务下达"
    is_act: ClassVar[bool] = True

    task: Key | None = Field(default=None, description="任务编号")
    subject_matter: Title = Field(description="任务内容")
    matter: Name | None = Field(default=None, description="事项")
    kind: (
        Literal[
            "资料报表", "非教学任务", "强制参与", "宣传转发", "入户走访", "指标任务", "应急任务", "业务工作", "其他"
        ]
        | None
    ) = Field(default=None, description="类别")
    domain: (
        Literal[
            "改厕", "清洁取暖", "医保收缴", "耕地保护", "秸秆禁烧", "反诈推广", "教育", "防汛抗旱", "森林防火", "其他"
        ]
        | None
    ) = Field(default=None, description="领域")
    channel: Channel | None = Field(default=None, description="渠道")
    assigned_at: Moment | None = Field(default=None, description="下达时间")
    due_at: Moment | None = Field(default=None, description="截止时间")
    from_level: Level | None = Field(default=None, description="下达单位层级")
    to_level: Level | None = Field(default=None, description="承担单位层级")
    assignees: tuple[Key, ...] = Field(default=(), description="承担单位")
    assignee_kind: Literal["乡镇街道", "村居", "部门", "学校", "教师", "企业", "干部", "其他"] | None = Field(
        default=None, description="承担者类别"
    )
    metrics: tuple[Metric, ...] | None = Field(default=None, description="提出的指标; null is unknown")
    items: tuple[Name, ...] | None = Field(default=None, description="任务事项; null is unknown")
    parent_task: ActRef | None = Field(default=None, description="所承接的上级任务")
    parent_document: ActRef | None = Field(default=None, description="所承接的上级文件")
    local_reason: Name | None = Field(default=None, description="加码的本地依据")
    long_term: bool | None = Field(default=None, description="是否长期任务")
    phrases: Phrases = Field(default=None, description="文本要求")

    @field_validator("due_at")
    @classmethod
    def _due_after_assigned(cls, due_at: datetime | None, info: ValidationInfo) -> datetime | None:
        """Refuse a deadline before the task was assigned."""
        return not_before("assigned_at", "下达时间", due_at, info)


class TaskClosed(Event):
    """A task was done and struck off (清账了结)."""

    family: ClassVar[str] = "task"
    verb: ClassVar[str] = "closed"
    title: ClassVar[str] = "任务办结"
    is_act: ClassVar[bool] = True

    task: Key | None = Field(default=None, description="任务编号")
    assigned: ActRef | None = Field(default=None, description="所办结的任务")
    closed_on: Day = Field(description="办结日期")
    result: Literal["完成", "部分完成", "未完成", "取消"] | None = Field(default=None, description="结果")
