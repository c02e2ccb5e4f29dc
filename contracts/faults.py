"""What is wrong with a field, in Chinese: pydantic's findings without the values that caused them.

Every sentence about a field that a user may read is made here.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from contracts.jurisdiction import PATTERN as JURISDICTION

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
    "recursion_depth_exceeded": "嵌套过深",
    "invalid_key": "字段名应为文字",
    "string_not_ascii": "只能使用英文字母、数字和符号",
    "mapping_type": "应为对象",
    "iterable_type": "应为列表",
    "set_item_not_hashable": "列表中只能是单个的值",
    "bytes_too_short": "至少 {min_length} 个字节",
    "bytes_too_long": "最多 {max_length} 个字节",
    "bytes_invalid_encoding": "不是有效的字节",
    "date_past": "应为过去的日期",
    "date_future": "应为将来的日期",
    "time_type": "应为时刻，如 09:00",
    "datetime_object_invalid": "应为时间，如 2026-01-31T09:00:00+08:00",
    "datetime_past": "应为过去的时间",
    "datetime_future": "应为将来的时间",
    "timezone_naive": "时间不应带时区",
    "timezone_offset": "时间应带 {tz_expected} 时区",
    "time_delta_type": "应为时长，如 PT2H",
    "url_type": "应为网址",
    "url_syntax_violation": "应为网址",
    "url_too_long": "网址最多 {max_length} 个字符",
    "uuid_type": "应为 UUID",
    "uuid_version": "应为第 {expected_version} 版 UUID",
    "decimal_max_digits": "最多 {max_digits} 位数字",
    "decimal_max_places": "最多 {decimal_places} 位小数",
    "decimal_whole_digits": "整数部分最多 {whole_digits} 位",
}
_KEY: Final = "应为 1 至 128 个文字、字母、数字或 _ . : / - ，不带空格"
PATTERNS: Final[Mapping[str, str]] = {
    JURISDICTION: "应为 2、4、6、9 或 12 位区划代码",
    r"^[\w.:/\-]+$": _KEY,
    r"^[\w.:/\-]{1,128}$": _KEY,
    r"^[!-~]+$": "应为不带空格和汉字的标识，如 /oa/qinghe",
    r"^cn\.jianfu\.[a-z]+\.[a-z_]+\.v[0-9]{1,3}$": "应为事件类型，如 cn.jianfu.doc.issued.v1",
    r"^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$": "应为 W3C traceparent",
    r"^[A-Za-z0-9_\-]{6,64}$": "应为 6 至 64 个字母、数字或 _ - 组成的代号，不得使用姓名",
    r"^[0-9A-Z]{18}$": "应为 18 位统一社会信用代码",
    r"^[a-z0-9\-]{1,40}$": "应为 1 至 40 个小写字母、数字或 - ",
    r"^[a-z2-7]{26}$": "应为 26 位编号",
    r"^[A-Za-z0-9_\-]{16}$": "应为 16 位密钥编号",
    r"^[0-9a-f]{64}$": "应为 64 位小写十六进制数",
    r"^[0-9a-f]{128}$": "应为 128 位小写十六进制数",
    r"^[^\x00]*$": "不得有空字符(U+0000)",
}
"""A pattern of a contract -> what it expects, in words; others are shown as they are."""
_ANYTHING: Final = "取值不符合要求"
_MOST: Final = 50
"""Faults of one input that are told."""
_LONGEST_FIELD: Final = 200
_UNSHOWN: Final = re.compile("[\ud800-\udfff\x00-\x1f]")
"""What the name of an unknown field may hold and no answer can."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One field that is not as it should be."""

    field: str
    code: str
    detail: str


def faults(errors: Sequence[Mapping[str, Any]]) -> list[Fault]:
    """Translate the first errors of a pydantic ``ValidationError`` or a FastAPI ``RequestValidationError``."""
    return [Fault(_field(error["loc"]), str(error["type"]), _detail(error)) for error in errors[:_MOST]]


def null_in(value: object) -> str | None:
    """Return where the first text of a JSON value with U+0000 stands, which no database text can hold; None: nowhere."""
    stack: list[tuple[str, object]] = [("", value)]  # of its own, so that depth cannot end it
    while stack:
        place, part = stack.pop()
        if isinstance(part, str) and "\0" in part:
            return place
        if isinstance(part, dict):
            if any("\0" in name for name in part):
                return place
            stack.extend((f"{place}.{name}".lstrip(".")[:_LONGEST_FIELD], inner) for name, inner in part.items())
        elif isinstance(part, list):
            stack.extend((f"{place}.{number}".lstrip(".")[:_LONGEST_FIELD], inner) for number, inner in enumerate(part))
    return None


def _field(location: Sequence[object]) -> str:
    parts = [str(part) for part in location]
    name = ".".join(parts[1:] if len(parts) > 1 and parts[0] in _PLACES else parts)
    return _UNSHOWN.sub("\ufffd", name[:_LONGEST_FIELD])


def _detail(error: Mapping[str, Any]) -> str:
    context: Mapping[str, Any] = error.get("ctx") or {}
    own = str(context.get("error", context.get("expectation", "")))
    if any("\u4e00" <= character <= "\u9fff" for character in own):  # a validator of ours that speaks to users
        return own
    text = PATTERNS.get(str(context.get("pattern"))) or TEXTS.get(str(error["type"]), _ANYTHING)
    try:
        return text.format_map(context).replace(" or ", " 或 ")
    except KeyError:
        return _ANYTHING
