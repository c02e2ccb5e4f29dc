"""Chinese names of the fields, derived values and lookups that verdicts name: what a user reads as missing or as evidence. Pure."""

from collections.abc import Mapping
from typing import Final

_OF: Final[Mapping[str, str]] = {"上位文件.": "上位文件的", "上级会议.": "上级会议的", "plan.": "年度计划的"}
"""Prefixes of fields that belong to another act than the judged one."""

LEVELS: Final[Mapping[int, str]] = {0: "中央", 1: "省级", 2: "市级", 3: "县级", 4: "乡级", 5: "村级"}

_LABELS: Final[Mapping[str, str]] = {
    # documents
    "heading": "标题",
    "doc_no": "发文字号",
    "doc_no_raw": "原填发文字号",
    "dated": "成文日期",
    "issuer_name": "发文机关署名",
    "letterhead": "发文机关标志",
    "issuer_rank": "发文机关类别",
    "co_issuers": "联合发文机关",
    "genre": "文种",
    "form": "文件形式",
    "carrier": "载体",
    "doc_class": "公文类别",
    "direction": "行文方向",
    "addressees": "主送机关",
    "copied_to": "抄送机关",
    "matter": "事项",
    "signer_title": "签发人职务",
    "signed_on": "签发日期",
    "printed_on": "印发日期",
    "printed_by": "印发机关",
    "copy_no": "份号",
    "copies": "印数",
    "secrecy_level": "密级",
    "secrecy_term": "保密期限",
    "urgency": "紧急程度",
    "sealed": "印章",
    "attachment_note": "附件说明",
    "attachments": "附件数",
    "has_contact_name": "附注是否载明联系人",
    "has_contact_phone": "附注是否载明联系方式",
    "char_count": "正文字数",
    "count_method": "字数统计方法",
    "pages": "页数",
    "sketch": "文本指纹",
    "implements": "所贯彻的上位文件",
    "no_matching": "是否声明不再另行制定配套文件",
    "requires_matching": "是否明确要求制定配套文件",
    "approval_ref": "审批文号",
    "plan_item": "所属计划项",
    "corrects": "所更正或补充的文件",
    "document": "所指文件",
    "revoked_on": "废止日期",
    "reason": "原因",
    # meetings
    "topic": "名称或主题",
    "meeting_class": "会议类别（一至四类）",
    "kind": "类别",
    "mode": "方式",
    "starts_at": "开始时间",
    "ended_at": "结束时间",
    "convener_role": "召集人职务",
    "level": "召开单位层级",
    "reach_level": "会议开到的最低层级",
    "units": "参会单位",
    "required": "要求参会的职务",
    "planned_attendees": "计划参会人数",
    "actual_attendees": "实际参会人数",
    "speech_minutes": "讲话时长",
    "parent": "所承接的上级会议",
    "same_session": "是否与上级会议同一场次",
    "new_arrangement": "新的工作安排",
    "approver_role": "批准人职务",
    "cost": "会议费用",
    # inspections
    "inspector_kind": "检查组类别",
    "team": "检查组",
    "batch": "批次",
    "targets": "检查对象",
    "target": "检查对象",
    "joint_owners": "联合组团单位",
    "announced_at": "通知时间",
    "criteria": "评价标准",
    "evidence_required": "要求提供的佐证",
    "emergency": "是否应急",
    "launch": "所属督查检查",
    "visited_at": "到访时间",
    "minutes": "时长",
    # secondments
    "loan": "借调编号",
    "person": "借调人员（化名）",
    "person_kind": "人员类别",
    "from_unit": "借出单位",
    "from_level": "借出单位层级",
    "from_kind": "借出单位类别",
    "to_unit": "借入单位",
    "to_level": "借入单位层级",
    "started_on": "借调起始日",
    "planned_end": "计划结束日",
    "ended_on": "借调结束日",
    "label": "借调名义",
    "major_task": "是否参与重大任务",
    "consents": "同意与审批备案",
    # certificates
    "item": "证明事项",
    "issuer_unit": "被要求出具的单位",
    "issuer_kind": "被要求出具方的类别",
    "basis": "依据",
    "shareable": "能否共享核验",
    # reports
    "subject_matter": "报送内容",
    "addressee_level": "报送单位层级",
    "sent_at": "发出时间",
    "received_at": "收到时间",
    "due_at": "截止时间",
    "period": "报送周期",
    "items": "项目",
    "form_id": "报表编号",
    "channel": "渠道",
    "submit_as": "报送名义",
    "signer_rank": "签发要求",
    "reply_if_none": "无意见是否也须回复",
    "basis_level": "由谁明确要求",
    "special_time_limit": "是否有特定时限要求",
    "demand": "所答复的报送要求",
    "submitted_at": "报送时间",
    "explains": "说明事项",
    "explains_year": "说明所属年度",
    # plans
    "year": "年度",
    "cap": "限额",
    "base": "上年度实际数量",
    "approved_by": "批准机关",
    # derived values
    "@duration_minutes": "会议时长",
    "@convener_level": "召开单位层级",
    "@requires_lower_heads": "是否要求下级主要负责同志或部门“一把手”参会",
    "@requires_place_heads": "是否要求下级党政主要负责同志参会",
    "@statutory": "是否法定会议",
    "@can_be_planned": "是否属于可列入计划的文种",
    "@workdays_to_due": "从收到到截止的工作日数（须有收到时间、截止时间和当年工作日历）",
    "@from_level": "借出单位层级",
    "@to_level": "借入单位层级",
    "@levels_up": "借出、借入单位层级",
    "@unit_level": "单位登记的层级",
    "@unit_kind": "单位登记的类别",
    "@acting_level": "发文单位层级",
}


def label(field: str) -> str:
    """Return the Chinese name of a field, a derived value or a field of another act; what is Chinese already stays as it is."""
    for prefix, words in _OF.items():
        if field.startswith(prefix):
            return words + label(field.removeprefix(prefix))
    return _LABELS.get(field, field)


def level_name(level: int | None) -> str:
    """Return the name of an administrative level."""
    return "未载明层级" if level is None else LEVELS[level]
