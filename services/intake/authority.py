"""Who may state which facts: an adapter only for its own sources, everybody only within their jurisdiction and for their units."""

import re
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from contracts.acts import reaches
from contracts.jurisdiction import NATION
from kit.scoped import EVERYWHERE
from kit.tokens import Principal, Role
from services.intake.domain import CLOCK_UNIT, Candidate, Reason, Stated

IMPORTS: Final = "/imports/"
"""What the sources of imported ledgers begin with; the jurisdiction, the unit and the kind follow."""
OURSELVES: Final = Principal(CLOCK_UNIT, Role.ADMIN, NATION)
"""Who speaks for our own clock."""
_OWN: Final = re.compile(r"/*jianfu(?:[/:#?]|$)")
"""The sources of our own services: whoever stated a fact in their name first would make theirs a repetition of his."""
_BORDERS: Final = "/:#?"


@lru_cache(maxsize=4096)  # asked for every item of a batch, of few senders and sources
def may_speak(who: Principal, source: str) -> bool:
    """Tell whether ``who`` may state or see facts of ``source``.

    A token's sources are whole path prefixes: ``/oa/qinghe`` covers ``/oa/qinghe/doc`` and not ``/oa/qinghe2``. A token
    without any covers every source, except an adapter's, which then covers none.
    """
    if not who.sources:
        return who.role is not Role.ADAPTER
    return any(source == own or source.startswith(_beginnings(own)) for own in who.sources)


def patterns(who: Principal) -> list[str] | None:
    """Return the sources that ``who`` may see as LIKE patterns; None is every source.

    They are those that ``may_speak`` allows; an office that acts for units sees their imports only.
    """
    if not who.sources and who.role is Role.OFFICE and who.units:
        return [_literal(IMPORTS) + "%/" + _literal(quote(unit, safe="")) + "/%" for unit in sorted(who.units)]
    if not who.sources:
        return [] if who.role is Role.ADAPTER else None
    return [
        pattern
        for own in sorted(who.sources)
        for pattern in (_literal(own), *(f"{_literal(head)}%" for head in _beginnings(own)))
    ]


def scope_of(who: Principal) -> dict[str, str]:
    """Return the settings of row-level security: an adapter sees its sources wherever they speak of."""
    sources = {"sources": "\n".join(["%"] if (found := patterns(who)) is None else found)}
    return {**sources, **EVERYWHERE} if who.role is Role.ADAPTER else sources


def objection(who: Principal, fact: Candidate) -> Reason | None:
    """Return why ``who`` may not state ``fact``, or None."""
    if not may_speak(who, fact.source) or (_OWN.match(fact.source) and who is not OURSELVES):
        return Reason("forbidden", "此凭证无权以该来源报送", "source")
    if not who.may_see(fact.jurisdiction):
        return Reason("forbidden", "此凭证无权报送该区划的事项", "jurisdiction")
    if who.units and fact.unit not in who.units:
        return Reason("forbidden", "此凭证无权代表该单位报送", "unitid")
    if fact.target_source is not None and not may_speak(who, fact.target_source):
        return Reason("forbidden", "只能更正或撤回自己来源的事项", "data.target.source")
    return None


def objection_to_amending(who: Principal, fact: Candidate, target: Stated | None) -> Reason | None:
    """Return why ``who`` may not amend what is stored, or None; ``target`` is None where that is not known (yet).

    Readers leave out what was stated in a jurisdiction that does not cover the target's, so what comes before its
    target may be taken; only whoever acts for certain units has to wait, because of units readers cannot tell.
    """
    if target is None:
        if not who.units:
            return None
        return Reason("target_unknown", "尚未收到被更正或撤回的事项，请在其收录之后重放", "data.target")
    if not reaches(fact.jurisdiction, target.jurisdiction):
        return Reason("forbidden", "不能以该区划的名义更正或撤回其他区划的事项", "data.target")
    if who.units and target.unit not in who.units:
        return Reason("forbidden", "此凭证无权更正或撤回其他单位的事项", "data.target")
    return None


def _beginnings(own: str) -> tuple[str, ...]:
    return (own,) if own.endswith(tuple(_BORDERS)) else tuple(own + border for border in _BORDERS)


def _literal(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text)
