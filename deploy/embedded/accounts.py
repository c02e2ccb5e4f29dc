"""Who may connect to the NATS server, and what each may do there."""

from dataclasses import dataclass

INBOXES = "_INBOX.>"
READS = (
    INBOXES,
    *("$JS.API.INFO", "$JS.API.STREAM.INFO.*", "$JS.API.STREAM.MSG.GET.*", "$JS.API.DIRECT.GET.>"),
    *("$JS.API.CONSUMER.>", "$JS.ACK.>", "$JS.FC.>"),
)
"""What reading streams needs to publish, and no more: streams are made, changed and emptied by nobody else's hand."""


@dataclass(frozen=True)
class User:
    """One NATS user; None for ``publish`` means everything in its account."""

    name: str
    account: str
    publish: tuple[str, ...] | None = None
    subscribe: tuple[str, ...] = (INBOXES,)


ADMIN = User("deploy", "APP")
"""Makes the streams of the application's account."""
CLUES_ADMIN = User("deploy-clues", "CLUES")
"""Makes the stream of the account for clues, which shares nothing with the other."""

USERS = (
    ADMIN,
    User("intake", "APP", (*READS, "facts.>"), (INBOXES, "intake.>")),
    User("ledger", "APP", (*READS, "facts.00.log.checkpointed")),
    User("monitor", "APP", (*READS, "alerts.>")),
    User("notify", "APP", (*READS, "facts.>")),
    User("adapter", "APP", ("intake.>",)),
    CLUES_ADMIN,
    User("notify-clues", "CLUES", (*READS, "clues.>")),
)


def accounts(passwords: dict[str, str]) -> str:
    """Give the ``accounts`` part of the server's configuration; ``passwords`` by user name."""
    names = dict.fromkeys(user.account for user in USERS)
    return "\n".join(f"  {name} {{ jetstream: enabled, users: [\n{_users(name, passwords)}\n  ] }}" for name in names)


def _users(account: str, passwords: dict[str, str]) -> str:
    return "\n".join(
        f'    {{ user: {user.name}, password: "{passwords[user.name]}"{_permissions(user)} }}'
        for user in USERS
        if user.account == account
    )


def _permissions(user: User) -> str:
    if user.publish is None:
        return ""
    return f", permissions: {{ publish: [{_quoted(user.publish)}], subscribe: [{_quoted(user.subscribe)}] }}"


def _quoted(subjects: tuple[str, ...]) -> str:
    return ", ".join(f'"{subject}"' for subject in subjects)
