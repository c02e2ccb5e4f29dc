"""Bad input: tell the sender, never retry. Everything else that goes wrong is ours or the world's."""

from collections.abc import Mapping
from typing import Final

TITLES: Final[Mapping[str, str]] = {
    "rejected": "内容不符合要求",
    "malformed": "请求无法解析",
    "invalid": "字段不符合要求",
    "bad_cursor": "翻页标记无效",
    "secret": "疑似涉密",
    "bad_request": "请求有误",
    "unauthorized": "需要有效的访问凭证",
    "forbidden": "没有权限",
    "not_found": "没有找到",
    "method_not_allowed": "不支持此操作方式",
    "not_acceptable": "不支持所要求的格式",
    "timeout": "请求发送超时",
    "conflict": "与已有内容冲突",
    "too_large": "内容过大",
    "unsupported_media_type": "不支持的内容格式",
    "head_too_large": "请求标头过大",
    "overloaded": "系统繁忙，请稍后再试",
    "internal": "系统内部错误",
    "unavailable": "系统暂时不可用，请稍后再试",
}
"""Code of a problem -> its Chinese title; a service may use codes of its own, which take the title of their status."""

_CODE_OF_STATUS: Final[Mapping[int, str]] = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    408: "timeout",
    409: "conflict",
    413: "too_large",
    415: "unsupported_media_type",
    422: "rejected",
    429: "overloaded",
    431: "head_too_large",
    500: "internal",
    503: "unavailable",
}


def code_of(status: int) -> str:
    """Return the code that stands for an HTTP status without a better one."""
    return _CODE_OF_STATUS.get(status, "bad_request" if status < 500 else "internal")  # noqa: PLR2004 - the border of 4xx and 5xx


def title_of(code: str, status: int) -> str:
    """Return the Chinese title of a problem."""
    return TITLES.get(code) or TITLES[code_of(status)]


class Rejected(Exception):
    """The input is wrong, and no retry will mend it."""

    status: int = 422
    default_code: str = "rejected"

    def __init__(self, detail: str, *, code: str | None = None, field: str | None = None) -> None:
        """Keep a Chinese ``detail`` that says what was expected, never a person, a text or a secret."""
        super().__init__(detail)
        self.detail = detail
        self.code = code or self.default_code
        self.field = field


class Unauthorized(Rejected):
    """The caller did not say who it is in a way that we believe."""

    status = 401
    default_code = "unauthorized"


class Forbidden(Rejected):
    """The caller is known and may not do this."""

    status = 403
    default_code = "forbidden"


class NotFound(Rejected):
    """There is no such thing, or not for this caller."""

    status = 404
    default_code = "not_found"


class Conflict(Rejected):
    """The same identity came before with other content, or the state forbids the step."""

    status = 409
    default_code = "conflict"


class TooLarge(Rejected):
    """The input has more bytes than we take."""

    status = 413
    default_code = "too_large"


class Overloaded(Rejected):
    """We take no more at this moment; the same input may be sent again."""

    status = 429
    default_code = "overloaded"

    def __init__(self, detail: str, *, retry_after: int = 1, code: str | None = None, field: str | None = None) -> None:
        """Add after how many seconds to try again."""
        super().__init__(detail, code=code, field=field)
        self.retry_after = retry_after


class Unavailable(Rejected):
    """Nobody can tell now whether the input is right, because somebody whom we ask does not answer."""

    status = 503
    default_code = "unavailable"
