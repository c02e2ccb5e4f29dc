"""The headers of a NATS message, read when somebody asks: most messages of a stream are handled without a look at them."""

from collections.abc import Iterator, Mapping
from typing import Final

_VERSION: Final = b"NATS/1.0"


class Headers(Mapping[str, str]):
    """The headers of one message; what the server says of itself is under ``Status`` and ``Description``."""

    __slots__ = ("_fields", "_raw")

    def __init__(self, raw: bytes) -> None:
        """Keep a header block as it came; an empty one is a message without headers."""
        self._raw = raw
        self._fields: dict[str, str] | None = None

    def __getitem__(self, name: str) -> str:
        """Return a header's value; of several with this name, in this very spelling, the last."""
        return self._read()[name]

    def __iter__(self) -> Iterator[str]:
        """Yield the names."""
        return iter(self._read())

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._read())

    def _read(self) -> dict[str, str]:
        if self._fields is None:
            first, *lines = self._raw.decode("utf-8", "replace").split("\r\n")
            status, _, description = first[len(_VERSION) :].strip().partition(" ")
            self._fields = {"Status": status, "Description": description} if status else {}
            for line in lines:
                name, colon, value = line.partition(":")
                if colon:
                    self._fields[name.strip()] = value.strip()
        return self._fields
