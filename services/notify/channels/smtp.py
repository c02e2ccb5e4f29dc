"""Sends mail in Chinese. A mail about a clue says only that one waits."""

from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Annotated, Final, Literal

import aiosmtplib
from pydantic import Field, StringConstraints, model_validator

from contracts.alerts import Severity
from services.notify.channels.base import Alert, ChannelKind, Item, Message, Options, Outcome, Surroundings

SEVERITIES: Final[dict[Severity, str]] = {"info": "提示", "warning": "预警", "serious": "严重"}
CHANGES: Final = {"raised": "新预警", "amended": "预警变更", "retracted": "预警撤销"}
_PERMANENT: Final = 500
_NO_MAILBOX: Final = frozenset({550, 551, 553})
_RETRYABLE_LOGIN: Final = frozenset({530, 534, 535})

Mailbox = Annotated[
    str, StringConstraints(max_length=254, pattern=r"^[A-Za-z0-9._+\-]+@[A-Za-z0-9](?:[A-Za-z0-9.\-]*[A-Za-z0-9])?$")
]


class SmtpOptions(Options):
    """A mailbox and the server that brings mail to it."""

    to: Mailbox
    sender: Mailbox
    host: Annotated[str, StringConstraints(min_length=1, max_length=253)]
    port: int = Field(default=465, ge=1, le=65535)
    security: Literal["tls", "starttls", "none"] = "tls"
    username: str | None = None
    password_file: Path | None = None

    @model_validator(mode="after")
    def _both_or_neither(self) -> "SmtpOptions":
        if (self.username is None) != (self.password_file is None):
            msg = "username 和 password_file 应同时填写或同时不填"
            raise ValueError(msg)
        if self.username is not None and self.security == "none":
            msg = "不加密的连接不能使用密码"
            raise ValueError(msg)
        return self


class _Smtp:
    def __init__(self, options: SmtpOptions, surroundings: Surroundings) -> None:
        self._options = options
        self._timeout = surroundings.timeout
        self._console_url = surroundings.console_url
        self._password = None
        if options.password_file is not None:
            try:
                self._password = options.password_file.read_text("utf-8").strip()
            except (OSError, UnicodeDecodeError):
                msg = "无法读取邮箱密码文件"
                raise ValueError(msg) from None

    async def send(self, message: Message) -> Outcome:
        options = self._options
        try:
            await aiosmtplib.send(
                mail(message, options.sender, options.to, self._console_url),
                hostname=options.host,
                port=options.port,
                username=options.username,
                password=self._password,
                use_tls=options.security == "tls",
                start_tls=options.security == "starttls",
                timeout=self._timeout.total_seconds(),
            )
        except aiosmtplib.SMTPTimeoutError:
            return Outcome("retry", "timeout")
        except aiosmtplib.SMTPRecipientsRefused as error:
            return _of_code(error.recipients[0].code)
        except aiosmtplib.SMTPResponseException as error:
            return _of_code(error.code)
        except (aiosmtplib.SMTPException, OSError):
            return Outcome("retry", "unreachable")
        return Outcome("delivered", "accepted")

    async def close(self) -> None:
        """Hold nothing: each mail has its own connection."""


def mail(message: Message, sender: str, to: str, console_url: str | None) -> EmailMessage:
    """Return the mail of a message; its Message-ID is the same at every attempt."""
    written = EmailMessage()
    written["From"] = sender
    written["To"] = to
    written["Date"] = format_datetime(message.sent_at)
    written["Message-ID"] = f"<{message.id}@jianfu>"
    written["Auto-Submitted"] = "auto-generated"
    written["Subject"] = _subject(message)
    paragraphs = [_paragraph(item) for item in message.items] or ["有线索等待签收，请登录系统办理。"]
    if console_url:
        paragraphs.append(f"办理入口：{console_url}")
    written.set_content("\n\n".join(paragraphs) + "\n")
    return written


def _subject(message: Message) -> str:
    if message.kind == "clue":
        return "【基层减负监督】有线索等待签收"
    if message.kind == "digest":
        return f"【基层减负监督】当日预警汇总（{len(message.items)} 条）"
    first = message.items[0].alert
    more = f" 等 {len(message.items)} 条" if len(message.items) > 1 else ""
    return f"【基层减负监督】{_what(first)}：{' '.join(first.rule_title.split())}{more}"


def _what(alert: Alert) -> str:
    change = CHANGES[alert.verb]
    return f"{SEVERITIES[alert.severity]}·{change}" if alert.verb != "retracted" else change


def _paragraph(item: Item) -> str:
    alert = item.alert
    lines = [
        f"[{_what(alert)}] {alert.rule_title}（规则 {alert.rule}）",
        alert.summary,
        f"涉及单位：{alert.about}；地区：{alert.place}；日期：{alert.happened_on:%Y-%m-%d}",
        f"依据：{alert.clause.document} {alert.clause.clause}：{alert.clause.quote}",
        f"预警编号：{alert.alert_id}，第 {alert.revision} 版",
    ]
    return "\n".join(lines)


def _of_code(code: int) -> Outcome:
    if code in _RETRYABLE_LOGIN:
        return Outcome("retry", "not_authorised")
    if code in _NO_MAILBOX:
        return Outcome("refused", "no_such_mailbox")
    if code >= _PERMANENT:
        return Outcome("refused", "not_acceptable")
    return Outcome("retry", "busy", timedelta(minutes=1))


KIND = ChannelKind(options=SmtpOptions, open=_Smtp, daily_budget=30, at_once=4, tells_of_clues=True)
