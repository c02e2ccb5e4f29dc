"""What is wrong with a field, in Chinese: pydantic's findings without the values that caused them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

_PLACES: Final = frozenset({"body", "query", "path", "header", "cookie"})

TEXTS: Final[Mapping[str, str]] = {
    "missing": "缺少此字段",
    "extra_forbidden": "不认识此字段",
    "json_invalid": "不是有效的 JSON",
    "json_type": "不是 JSON 文本",
    "none_required": "应为空",
    "string_type": "应为文字",
    "string_too_short": "至少 {min_length} 个字符",
    "string_too_long": "最多 {max_length} 个字符",
    "string_pattern_mismatch": "格式应符合 {pattern}",
    "string_unicode": "不是有效的 UTF-8 文字",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "int_from_float": "应为整数",
    "int_parsing_size": "整数过大",
    "float_type": "应为数字",
    "float_parsing": "应为数字",
    "finite_number": "应为有限的数字",
    "decimal_type": "应为数字",
    "decimal_parsing": "应为数字",
    "bool_type": "应为 true 或 false",
    "bool_parsing": "应为 true 或 false",
    "greater_than": "应大于 {gt}",
    "greater_than_equal": "应不小于 {ge}",
    "less_than": "应小于 {lt}",
    "less_than_equal": "应不大于 {le}",
    "multiple_of": "应为 {multiple_of} 的倍数",
    "enum": "只能是 {expected}",
    "literal_error": "只能是 {expected}",
    "date_type": "应为日期，如 2026-01-31",
    "date_parsing": "应为日期，如 2026-01-31",
    "date_from_datetime_parsing": "应为日期，如 2026-01-31",
    "date_from_datetime_inexact": "应为日期，不带时刻",
    "datetime_type": "应为时间，如 2026-01-31T09:00:00+08:00",
    "datetime_parsing": "应为时间，如 2026-01-31T09:00:00+08:00",
    "datetime_from_date_parsing": "应为时间，如 2026-01-31T09:00:00+08:00",
    "timezone_aware": "时间应带时区，如 +08:00",
    "time_parsing": "应为时刻，如 09:00",
    "time_delta_parsing": "应为时长，如 PT2H",
    "list_type": "应为列表",
    "tuple_type": "应为列表",
    "set_type": "应为列表",
    "frozen_set_type": "应为列表",
    "dict_type": "应为对象",
    "model_type": "应为对象",
    "model_attributes_type": "应为对象",
    "too_short": "至少 {min_length} 项",
    "too_long": "最多 {max_length} 项",
    "union_tag_invalid": "类型只能是 {expected_tags}",
    "union_tag_not_found": "缺少类型字段",
    "url_parsing": "应为网址",
    "url_scheme": "网址的协议不被接受",
    "uuid_parsing": "应为 UUID",
    "bytes_type": "应为字节",
    "recursion_loop": "内容自我包含",
}
_ANYTHING: Final = "取值不符合要求"


@dataclass(frozen=True, slots=True)
class Fault:
    """One field that is not as it should be."""

    field: str
    code: str
    detail: str


def faults(errors: Sequence[Mapping[str, Any]]) -> list[Fault]:
    """Translate the errors of a pydantic ``ValidationError`` or a FastAPI ``RequestValidationError``."""
    return [Fault(_field(error["loc"]), str(error["type"]), _detail(error)) for error in errors]


def _field(location: Sequence[object]) -> str:
    parts = [str(part) for part in location]
    return ".".join(parts[1:] if len(parts) > 1 and parts[0] in _PLACES else parts)


def _detail(error: Mapping[str, Any]) -> str:
    context: Mapping[str, Any] = error.get("ctx") or {}
    own = str(context.get("error", ""))
    if any("\u4e00" <= character <= "\u9fff" for character in own):  # a validator of ours that speaks to users
        return own
    text = TEXTS.get(str(error["type"]), _ANYTHING)
    try:
        return text.format_map(context).replace(" or ", " 或 ")
    except KeyError:
        return _ANYTHING
