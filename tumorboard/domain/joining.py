"""Two people change one thing at a time: what each of them changed is kept, what both changed is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Held = str | bool | tuple[str, ...]
"""What a field holds: a text, a box that is ticked or not, or several choices in an order."""


@dataclass(frozen=True, slots=True)
class Joined:
    """What the fields hold after both changes. Where `clashes` names a field, both changed it, and mine stands."""

    values: Mapping[str, Held]
    clashes: tuple[str, ...] = ()


def join_changes(opened: Mapping[str, Held], now: Mapping[str, Held], mine: Mapping[str, Held]) -> Joined:
    """My changes of a form since it was `opened`, on top of what its fields hold `now`.

    A field that I left alone takes what it holds now, one that nobody else changed takes mine. Of several choices each
    is kept or taken away by whoever changed it; where both moved them to another order, that is a clash. Fields that
    one of the three does not know stay mine.
    """
    values, clashes = dict(mine), []
    for name, held in mine.items():
        if name not in opened or name not in now:
            continue
        found = _join(opened[name], now[name], held)
        if found is None:
            clashes.append(name)
        else:
            values[name] = found
    return Joined(values, tuple(clashes))


def _join(opened: Held, now: Held, mine: Held) -> Held | None:
    if _is_same(mine, opened):
        return now
    if _is_same(now, opened) or _is_same(now, mine):
        return mine
    if isinstance(opened, tuple) and isinstance(now, tuple) and isinstance(mine, tuple):
        return _join_choices(opened, now, mine)
    return None


def _is_same(one: Held, other: Held) -> bool:
    """Browsers end lines in their own way, and what stands around a text means nothing."""
    if isinstance(one, str) and isinstance(other, str):
        return one.replace("\r\n", "\n").strip() == other.replace("\r\n", "\n").strip()
    return one == other


def _join_choices(opened: Sequence[str], now: Sequence[str], mine: Sequence[str]) -> tuple[str, ...] | None:
    stays = [each for each in opened if each in now and each in mine]
    if [each for each in now if each in stays] != stays or [each for each in mine if each in stays] != stays:
        return None
    taken_away = set(opened).difference(mine)
    added = [each for each in mine if each not in opened and each not in now]
    return (*(each for each in now if each not in taken_away), *added)
