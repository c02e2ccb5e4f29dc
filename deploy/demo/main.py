"""The demo: replay the real documents and the scripted year through the public API, and compare what was found."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import httpx

from contracts.event import Json, fact_id
from deploy import publishing
from deploy.demo import DATA
from deploy.demo.asking import Services, prove
from deploy.demo.key import Comparison, Key, Raised, compare, read_key
from deploy.demo.report import Outcome, Sent, lines
from deploy.demo.year.script import write
from deploy.target import Target

if TYPE_CHECKING:
    from deploy.supervisor import System

Say = Callable[[str], None]
ROLES: Final = (("operator", "操作员"), ("discipline", "纪检"))


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the input."""

    title: str
    events: Sequence[bytes]

    @property
    def facts(self) -> frozenset[str]:
        """The fact ids of its events."""
        return frozenset(fact_id(event["source"], event["id"]) for event in map(json.loads, self.events))


async def run(system: "System", say: Say, *, stay: bool) -> int:
    """Replay everything, print the report and how to look on; 0 when the alerts are exactly those of the key.

    Safe to repeat: intake tells what it knows already.
    """
    begin = time.monotonic()
    real, year, refused = _parts()
    sent = []
    position = 0
    intake = Target(system.urls["intake"], system.tokens["adapter"])
    for part in (real, year, refused):
        say(f"正在报送{part.title}：{len(part.events)} 件……")
        summary = await publishing.publish(part.events, intake, progress=lambda _: None, say=say)
        sent.append(Sent(part.title, summary.counts))
        position = max(position, summary.position)
    say("正在入账和判定……")
    async with httpx.AsyncClient(timeout=60) as client:
        services = Services(client, system.urls, system.tokens["admin"])
        await services.wait_for(position, say)
        outcome = await _outcome(services, sent, real, year, begin)
        for line in lines(outcome, read_key()):
            say(line)
        for role, _ in ROLES:
            await prove(client, system.login_link(role))
    say("")
    for line in _links(system, stay=stay):
        say(line)
    return 0 if outcome.comparison.equal and not outcome.of_real else 1


async def _outcome(services: Services, sent: Sequence[Sent], real: Part, year: Part, begin: float) -> Outcome:
    alerts = await services.alerts()
    scripted, published = year.facts, real.facts
    own = [one for one in alerts if scripted.union(published).issuperset(one.acts)]
    of_real = [one for one in own if published.issuperset(one.acts)]
    of_year = [one for one in own if one not in of_real]
    return Outcome(
        sent=sent,
        ledgers=await services.ledgers(),
        alerts=of_year,
        others=len(alerts) - len(own),
        of_real=len(of_real),
        real_documents=sum(b'"cn.jianfu.doc.issued.' in event for event in real.events),
        comparison=_compared(of_year, read_key()),
        titles=await services.titles(),
        seconds=time.monotonic() - begin,
    )


def _compared(alerts: Sequence[Raised], key: Key) -> Comparison:
    return compare(tuple(alerts), key)


def _parts() -> tuple[Part, Part, Part]:
    year = write()
    return (
        Part("真实公文及其单位", (DATA / "real_documents.ndjson").read_bytes().splitlines()),
        Part("青禾县 2025 年（虚构）", _written(year.deliveries)),
        Part("应当拒收的（内容冲突、涉密）", _written(year.refused)),
    )


def _written(events: Sequence[Json]) -> list[bytes]:
    return [json.dumps(event, ensure_ascii=False).encode() for event in events]


def _links(system: "System", *, stay: bool) -> list[str]:
    """Return how to look at the console: fresh links while it runs on, else how to start it again."""
    console = system.urls["console"]
    proved = f"已用一次性链接登录控制台 {console} 验证：{'、'.join(title for _, title in ROLES)}均可进入。"
    if not stay:
        return [
            proved,
            "要在浏览器中查看，请运行 make demo STAY=1（或 jianfu demo --stay）：系统会继续运行并给出新的登录链接。",
        ]
    fresh = [f"  {title}  {system.login_link(role)}" for role, title in ROLES]
    return [proved, f"登录控制台（每个链接只能用一次，半小时内有效；再要一个：{system.login_command}）：", *fresh]
