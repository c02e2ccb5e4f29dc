"""The console's live page: it reads ``/v1/stream`` itself, so a message is delivered as soon as it is there."""

from services.notify.channels.base import ChannelKind, Message, Options, Outcome, Surroundings


class _Console:
    async def send(self, message: Message) -> Outcome:  # noqa: ARG002 - nothing is sent
        return Outcome("delivered", "shown")

    async def close(self) -> None:
        """Hold nothing."""


def _open(_options: Options, _surroundings: Surroundings) -> _Console:
    return _Console()


KIND = ChannelKind(options=Options, open=_open, daily_budget=None, at_once=500, tells_of_clues=True)
