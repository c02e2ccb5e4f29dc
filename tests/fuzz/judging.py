"""What every answer to a hostile input must be, and what was seen of all of them."""

import json
import re
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from tests.fuzz.inputs import LEAK, Ask

_HAN: Final = re.compile("[\u4e00-\u9fff]")
_SENTENCE: Final = re.compile(r"[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}")
_VAGUE: Final = ("取值不符合要求", "请求未能处理")
_MOST_SHOWN: Final = 20
_UNREAD: Final = 405


@dataclass
class Findings:
    """Counts by kind, and every answer that is not as it must be."""

    inputs: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    stored: set[str] = field(default_factory=set)
    """Ids of the facts that an answer called accepted."""
    imported: int = 0
    """How many rows of files an answer called accepted."""
    slowest: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Seconds by kind."""

    def fault(self, kind: str, why: str, about: object = "") -> None:
        self.faults.append(f"{kind}: {why} {about!r:.6000}")

    def count(self, kind: str, answer: str, begun: float | None = None) -> None:
        self.inputs[kind] += 1
        self.answers[answer] += 1
        if begun is not None:
            self.slowest[kind] = max(self.slowest[kind], time.monotonic() - begun)

    def answered(self, ask: Ask, answer: httpx.Response, begun: float) -> None:
        """Judge an answer over HTTP."""
        problem = _problem(answer)
        self.count(ask.kind, f"{answer.status_code} {problem.get('code', '') if problem else ''}".strip(), begun)
        text = answer.text
        if LEAK in text:
            self.fault(ask.kind, "the answer holds the secret", (ask, text))
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            self.fault(ask.kind, "our own fault", (ask, text))
        elif answer.is_client_error and not ask.page:
            self._told(ask, problem, text)
        accepted = self._items(ask, answer) if answer.is_success and ask.path in {"/v1/events", "/v1/imports"} else 0
        if ask.fate == "refused" and (accepted or (answer.is_success and ask.path == "/v1/events" and not _batch(ask))):
            self.fault(ask.kind, "it was taken", (ask, text))
        if ask.fate == "accepted" and not accepted:
            self.fault(ask.kind, "it is valid and was refused", (ask, text))

    def replied(self, kind: str, body: bytes, begun: float) -> None:
        """Judge an answer over NATS."""
        document = json.loads(body)
        if "results" in document:
            self.count(kind, "NATS results", begun)
            self._results(kind, document["results"], body)
            return
        self.count(kind, f"NATS {document['status']} {document['code']}", begun)
        self.told(kind, document["detail"], document)
        if document["status"] >= httpx.codes.INTERNAL_SERVER_ERROR:
            self.fault(kind, "our own fault", document)
        if LEAK.encode() in body:
            self.fault(kind, "the answer holds the secret", document)

    def told(self, kind: str, detail: str, about: object) -> None:
        """Demand a sentence in Chinese that says what was expected."""
        if not _HAN.search(detail) or _SENTENCE.search(detail) or any(words in detail for words in _VAGUE):
            self.fault(kind, "the reason does not tell what was expected", (detail, about))

    def _told(self, ask: Ask, problem: dict[str, Any] | None, text: str) -> None:
        if problem is None or not {"type", "title", "status", "detail", "code"} <= set(problem):
            self.fault(ask.kind, "no problem document", (ask, text))
        else:
            self.told(ask.kind, problem["detail"], ask)

    def _items(self, ask: Ask, answer: httpx.Response) -> int:
        document = answer.json()
        if "results" in document:
            return self._results(ask.kind, document["results"], ask)
        for error in document["errors"]:
            self.told(ask.kind, error["detail"], ask)
        accepted = 0 if document["dry_run"] else int(document["accepted"])
        self.imported += accepted
        return accepted

    def _results(self, kind: str, results: list[dict[str, Any]], about: object) -> int:
        accepted = 0
        for one in results:
            reason = one["reason"]
            self.answers[f"item {one['result']} {reason['code'] if reason else ''}".strip()] += 1
            if one["result"] == "accepted":
                accepted += 1
                self.stored.add(one["fact_id"])
            if reason is not None:
                self.told(kind, reason["detail"], about)
        return accepted

    def report(self) -> str:
        """Say what was sent and answered."""
        lines = [f"  输入 inputs: {self.inputs.total()}"]
        lines += [
            f"    {kind:<24}{count:>8}   最慢 slowest {self.slowest.get(kind, 0):.2f} s"
            for kind, count in sorted(self.inputs.items())
        ]
        lines.append("  回答 answers:")
        lines += [f"    {answer:<40}{count:>8}" for answer, count in sorted(self.answers.items())]
        lines += [f"  !! {fault}" for fault in self.faults[:_MOST_SHOWN]]
        return "\n".join(lines)


def _batch(ask: Ask) -> bool:
    return "batch" in str(ask.headers.get("content-type", ""))


def _problem(answer: httpx.Response) -> dict[str, Any] | None:
    if not answer.content or not answer.headers.get("content-type", "").startswith("application/problem+json"):
        return None
    document = answer.json()
    return document if isinstance(document, dict) else None
