"""One ephemeral JetStream consumer without acknowledgements: a cursor that is thrown away at the first doubt."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from nats.aio.client import Client
from nats.aio.subscription import Subscription
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from kit.headers import Headers
from kit.ids import new_id
from kit.nats import listen

HEARTBEAT: Final = 2.0
"""Seconds between two signs of life while there is nothing to read."""
SILENCE: Final = 2.5 * HEARTBEAT
_EXPIRES: Final = 30.0
_INACTIVE: Final = 60.0
"""Seconds after which the server removes a cursor that nobody pulls from."""
_MAX_BYTES: Final = 16 * 1024 * 1024
"""What one pull may bring; a single message is always let through."""
_API: Final = 5.0
_ENDS_OF_A_PULL: Final = ("Message Size Exceeds MaxBytes", "Batch Completed", "Request Timeout", "Interest Expired")
_SHORT_REPLY: Final = 9
"""Tokens of ``$JS.ACK.<stream>.<consumer>.<delivered>.<seq>.<number>.<ns>.<pending>``; domains add two in front."""


class Delivery(NamedTuple):
    """One message of a stream (a tuple, because it is made 40,000 times a second)."""

    seq: int
    subject: str
    body: bytes
    headers: Mapping[str, str]
    time: datetime
    """When the stream stored it (UTC)."""


class StreamLost(Exception):
    """The stream does not hold what follows the checkpoint: it was replaced, cut or restored from an old copy."""


class Cursor:
    """Delivers what follows ``after``, in order; ``fault`` tells why it no longer does."""

    def __init__(
        self,
        js: JetStreamContext,
        nc: Client,
        stream: str,
        *,
        subjects: Sequence[str],
        after: int,
        deliver: Callable[[Delivery], None],
    ) -> None:
        """Plan a cursor; nothing is asked of the server before ``open``."""
        self._js = js
        self._nc = nc
        self._stream = stream
        self._subjects = list(subjects)
        self._deliver = deliver
        self._name = f"reader-{new_id()}"
        self._next = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{self._name}"
        self._inbox = nc.new_inbox()
        self._subscription: Subscription | None = None
        self._reconnects = 0
        self._expected = 1
        self._time = asyncio.get_running_loop().time
        self._heard_at = self._checked_at = 0.0
        self.last = after
        """Sequence of the last message that was delivered."""
        self.asked = 0
        """How many messages are asked for and not there yet."""
        self.pending = 0
        """How many messages wait on the server behind the last one delivered."""
        self.fault: str | None = None

    @property
    def proven(self) -> bool:
        """Whether it has brought something, or there was nothing to bring."""
        return self._expected > 1 or self.pending == 0

    async def open(self) -> int:
        """Create the consumer and return the last sequence of the stream.

        Raises ``StreamLost`` when the stream does not hold what follows ``after``, and what the library raises.
        """
        self._reconnects = self._nc.stats["reconnects"]
        state = (await self._js.stream_info(self._stream)).state
        if state.last_seq < self.last:
            raise StreamLost(f"the stream ends at {state.last_seq}, before the checkpoint {self.last}")
        if state.first_seq > self.last + 1:
            raise StreamLost(f"the stream begins at {state.first_seq}, after the checkpoint {self.last}")
        self._subscription = await listen(self._nc, self._inbox, self._receive)
        info = await self._js.add_consumer(
            self._stream,
            ConsumerConfig(
                name=self._name,
                deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
                opt_start_seq=self.last + 1,
                ack_policy=AckPolicy.NONE,
                filter_subjects=self._subjects or None,
                inactive_threshold=_INACTIVE,
                mem_storage=True,
                num_replicas=1,
            ),
            timeout=_API,
        )
        self.pending = info.num_pending or 0
        self._heard_at = self._time()
        return int(state.last_seq)

    async def ask(self, count: int) -> None:
        """Ask the server for ``count`` more messages."""
        limit = max(_MAX_BYTES, 2 * self._nc.max_payload)
        pull = {
            "batch": count,
            "expires": int(_EXPIRES * 1e9),
            "idle_heartbeat": int(HEARTBEAT * 1e9),
            "max_bytes": limit,
        }
        self.asked += count
        await self._nc.publish(self._next, json.dumps(pull).encode(), reply=self._inbox)

    def check(self) -> None:
        """Find the faults that do not announce themselves; silence counts only while somebody listens."""
        if self.fault is not None:
            return
        now = self._time()
        if now - self._checked_at > SILENCE / 2:  # our own work kept us from hearing
            self._heard_at = now
        self._checked_at = now
        if not self._nc.is_connected:
            self.fault = "not connected"
        elif self._nc.stats["reconnects"] != self._reconnects:
            self.fault = "connected anew"  # what was asked for on the old connection never comes
        elif now - self._heard_at > SILENCE:
            self.fault = f"no sign of life for {SILENCE:g} s"

    async def close(self, *, remove: bool) -> None:
        """Stop listening; ``remove`` also the consumer, which otherwise the server does after a minute."""
        self.fault = self.fault or "closed"
        if self._subscription is not None and not self._nc.is_closed:
            await self._subscription.unsubscribe()
            if remove and self._nc.is_connected:
                await self._js.delete_consumer(self._stream, self._name)

    def _receive(self, subject: str, reply: str, headers: bytes, body: bytes) -> None:
        """Take one message as it comes in: the hot path, nothing here waits or raises."""
        if self.fault is not None:
            return
        self._heard_at = self._time()
        if not reply:
            self._hear(Headers(headers))
            return
        tokens = reply.split(".")
        at = 5 if len(tokens) == _SHORT_REPLY else 7
        try:
            seq, number, stored, pending = map(int, tokens[at : at + 4])
        except ValueError:
            self.fault = "a message that does not say where it stands"
            return
        if number != self._expected or (seq <= self.last if self._subjects else seq != self.last + 1):
            self.fault = f"a gap: {seq} came after {self.last}"
            return
        self._expected += 1
        self.last = seq
        self.asked -= 1
        self.pending = pending
        time = datetime.fromtimestamp(stored / 1e9, UTC)
        self._deliver(Delivery(seq, subject, body, Headers(headers), time))

    def _hear(self, headers: Headers) -> None:
        """Take a word of the server about itself."""
        status, text = headers.get("Status", ""), headers.get("Description", "")
        if status == "100":  # a heartbeat
            return
        rest = headers.get("Nats-Pending-Messages", "")
        if rest.isdigit() and any(text.startswith(end) for end in _ENDS_OF_A_PULL):
            self.asked -= int(rest)
        else:
            self.fault = f"the server says {status} {text}".strip()
