"""Coverage-guided fuzzing of what reads foreign bytes, in a process of its own.

``python -m tests.fuzz.readers <reader> <runs> <seed> <folder>`` runs one reader on that many inputs, begun with good ones
and led on by the branches that they reach (``folder`` is for those); it ends with status 0 when every input had its answer.
Without atheris (it has wheels for Linux on x86-64) the same inputs are only mutated at random.
"""

import base64
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

try:
    import atheris
except ImportError:
    atheris = None

NOW: Final = datetime(2026, 11, 22, 4, tzinfo=UTC)
LONGEST: Final = 100_000
"""Bytes of an input."""
SLOWEST: Final = 5
"""Seconds that one input may take."""
Reader = tuple[Callable[[bytes], None], Sequence[bytes]]


def _told(detail: str) -> None:
    assert any("\u4e00" <= letter <= "\u9fff" for letter in detail), detail


def _events() -> Reader:
    from services.intake.domain import Candidate, Refused
    from services.intake.reading import read
    from tests.fuzz.facts import EXAMPLES, raw

    def take(body: bytes) -> None:
        item = read(body, now=NOW)
        if isinstance(item, Refused):
            _told(item.reason.detail)
        else:
            assert isinstance(item, Candidate)

    return take, [raw(one) for one in EXAMPLES]


def _batches() -> Reader:
    from kit.errors import Rejected
    from services.intake.modes import take_apart
    from tests.fuzz.facts import EXAMPLES, raw

    def take(body: bytes) -> None:
        kinds = ("application/cloudevents-batch+json", "application/cloudevents+json", "application/json", "text/plain")
        headers = {"content-type": kinds[body[0] % 4] if body else "", "ce-id": body[:9].decode("latin-1")}
        try:
            take_apart(headers, body[1:])
        except Rejected as refused:
            _told(refused.detail)

    return take, [b"\0[" + raw(one) + b"," + raw(one) + b"]" for one in EXAMPLES[:9]]


def _tables() -> Reader:
    from kit.errors import Rejected
    from services.intake.imports import templates, workbook
    from services.intake.imports.drafts import Origin
    from services.intake.imports.importing import understand
    from services.intake.reading import read
    from tests.fuzz.tables import golden

    def take(content: bytes) -> None:
        if content.startswith(b"\xd0\xcf"):
            return  # its parser takes any memory, which only a child with limits survives: see the files of tables.py
        book = workbook.read(content)
        if book.fault is not None:
            return
        for template in templates.load().values():
            try:
                found = understand(book, template, Origin("990101", "990101.fuzz", "0" * 64), year=2026)
            except Rejected as refused:
                _told(refused.detail)
                continue
            for error in found.errors:
                _told(error.detail)
            for item in found.items:
                read(item, now=NOW)

    return take, golden()


def _tokens() -> Reader:
    from kit.auth import Keys, Principal, Role, mint, new_key_pair, verify
    from kit.errors import Unauthorized

    private, public = new_key_pair()
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(public)
        keys = Keys.load(Path(file.name))
    good = mint(private, Principal("a@b", Role.ADMIN, "00"), now=NOW, ttl=timedelta(hours=1))
    verify(good, keys, now=NOW)

    def take(body: bytes) -> None:
        token = body.decode("latin-1")
        try:
            who = verify(token, keys, now=NOW)
        except Unauthorized as refused:
            _told(refused.detail)
        else:
            assert who == verify(good, keys, now=NOW)  # another spelling of the same base64

    return take, [good.encode()]


def _cursors() -> Reader:
    from datetime import date

    from kit.errors import Rejected
    from kit.paging import Keyset

    shapes: tuple[Keyset[Any], ...] = tuple(
        Keyset(shape)
        for shape in (tuple[str], tuple[int], tuple[date, str], tuple[datetime, str], tuple[str, str, str])
    )

    def take(body: bytes) -> None:
        for text in (body.decode("latin-1"), base64.urlsafe_b64encode(body).decode().rstrip("=")):
            for keyset in shapes:
                try:
                    keyset.encode(keyset.decode(text))
                except Rejected as refused:
                    _told(refused.detail)

    return take, [b'["2026-01-01","a"]', b'["2026-01-01T00:00:00Z","a"]', b"[1]", b'["a","b","c"]']


READERS: Final[Mapping[str, Callable[[], Reader]]] = {
    "events": _events,
    "batches": _batches,
    "tables": _tables,
    "tokens": _tokens,
    "cursors": _cursors,
}


def main() -> None:
    """Run one reader."""
    name, runs, seed, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    if atheris is None:
        take, corpus = READERS[name]()
        _at_random(take, corpus, runs, Random(seed))
        return
    with atheris.instrument_imports(include=["contracts", "kit", "services"]):
        take, corpus = READERS[name]()
    for number, one in enumerate(corpus):
        (folder / str(number)).write_bytes(one)
    limits = (
        f"-runs={runs}",
        f"-seed={seed}",
        f"-max_len={LONGEST}",
        f"-timeout={SLOWEST}",
        f"-artifact_prefix={folder}/bad-",
    )
    atheris.Setup([sys.argv[0], *limits, "-rss_limit_mb=1500", "-verbosity=0", str(folder)], take)
    atheris.Fuzz()  # ends the process


def _at_random(take: Callable[[bytes], None], corpus: Sequence[bytes], runs: int, random: Random) -> None:
    for _ in range(runs):
        body = bytearray(random.choice(corpus))
        for _ in range(random.randrange(1, 9)):
            at = random.randrange(len(body) + 1)
            body[at : at + random.randrange(4)] = random.randbytes(random.randrange(4))
        take(bytes(body))


if __name__ == "__main__":
    main()
