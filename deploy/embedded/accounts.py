"""Who may connect to the NATS server, and what each may do there."""

from collections.abc import Mapping
from dataclasses import dataclass

from kit.nats import inbox_of


def reads(*streams: str) -> tuple[str, ...]:
    """Give what reading these streams needs to publish, and no more: nobody else's hand makes, changes or empties one."""
    return tuple(
        f"$JS.{subject}"
        for stream in streams
        for subject in (
            *(f"API.STREAM.INFO.{stream}", f"API.STREAM.MSG.GET.{stream}"),
            *(f"API.DIRECT.GET.{stream}", f"API.DIRECT.GET.{stream}.>"),
            *(f"API.CONSUMER.CREATE.{stream}", f"API.CONSUMER.CREATE.{stream}.>"),
            *(f"API.CONSUMER.{what}.{stream}.*" for what in ("INFO", "DELETE", "MSG.NEXT")),
            f"FC.{stream}.>",
        )
    )


@dataclass(frozen=True)
class User:
    """One NATS user; None for ``publish`` means everything in its account. Each hears its own inboxes and no other's."""

    name: str
    account: str
    publish: tuple[str, ...] | None = None
    subscribe: tuple[str, ...] = ()
    answers: bool = False
    """May answer the requests that it gets, each once."""

    @property
    def hears(self) -> tuple[str, ...]:
        """What it may subscribe to."""
        return (f"{inbox_of(self.name)}.>", *self.subscribe)


ADMIN = User("deploy", "APP")
"""Makes the streams of the application's account."""
CLUES_ADMIN = User("deploy-clues", "CLUES")
"""Makes the stream of the account for clues, which shares nothing with the other."""

MONITOR_SAYS = ("facts.*.alert.recorded", "facts.*.dossier.read", "facts.00.rule.released")
"""The only facts that the monitor states."""

USERS = (
    ADMIN,
    User("intake", "APP", (*reads("FACTS"), "facts.>"), ("intake.events",), answers=True),
    User("ledger", "APP", (*reads("FACTS"), "facts.00.log.checkpointed")),
    User("monitor", "APP", (*reads("FACTS"), "alerts.>", *MONITOR_SAYS)),
    User("auditor", "APP", reads("FACTS", "ALERTS")),
    User("notify", "APP", (*reads("FACTS", "ALERTS"), "facts.*.delivery.*")),
    User("adapter", "APP", ("intake.events",), ("_INBOX.>",)),  # where clients listen that nobody told otherwise
    CLUES_ADMIN,
    User("notify-clues", "CLUES", (*reads("CLUES"), "clues.>")),
)


def accounts(keys: Mapping[str, str]) -> str:
    """Give the ``accounts`` part of the server's configuration; ``keys`` are the public nkeys by user name."""
    names = dict.fromkeys(user.account for user in USERS)
    return "\n".join(f"  {name} {{ jetstream: enabled, users: [\n{_users(name, keys)}\n  ] }}" for name in names)


def _users(account: str, keys: Mapping[str, str]) -> str:
    return "\n".join(
        f"    {{ nkey: {keys[user.name]}{_permissions(user)} }}  # {user.name}"
        for user in USERS
        if user.account == account
    )


def _permissions(user: User) -> str:
    if user.publish is None:
        return ""
    answers = ", allow_responses: true" if user.answers else ""
    return f", permissions: {{ publish: [{_quoted(user.publish)}], subscribe: [{_quoted(user.hears)}]{answers} }}"


def _quoted(subjects: tuple[str, ...]) -> str:
    return ", ".join(f'"{subject}"' for subject in subjects)
