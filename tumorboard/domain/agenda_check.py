"""Fixed times that no agenda can keep are refused with the names of the cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tumorboard.domain.agenda_model import AgendaItem
from tumorboard.domain.agenda_task import Wishes
from tumorboard.domain.errors import BadInput


def check_fixed_times(items: Sequence[AgendaItem], wishes: Wishes) -> None:
    """Raises BadInput `fixed-times-clash` when fixed cases overlap, meet a break or stand in the wrong block."""
    known = [(wishes.fixed[item.reference], item) for item in items if item.reference in wishes.fixed]
    known.sort(key=lambda pair: (pair[0], pair[1].reference))
    for start, item in known:
        if start < 0:
            raise _clash(f"case {item.reference} is fixed before the meeting begins", item.reference)
        for pause in wishes.breaks:
            if start < pause.end and start + item.minutes > pause.at:
                raise _clash(
                    f"case {item.reference}, fixed at minute {start}, runs into the break from minute {pause.at} to "
                    f"{pause.end}",
                    item.reference,
                )
    for (start, item), (other_start, other) in zip(known, known[1:], strict=False):
        if start + item.minutes > other_start:
            raise _clash(
                f"cases {item.reference} (minute {start} to {start + item.minutes}) and {other.reference} (from minute "
                f"{other_start}) are fixed at the same time",
                item.reference,
                other.reference,
            )
        if item.block > other.block:
            raise _clash(
                f"case {item.reference} is fixed before case {other.reference}, which belongs to an earlier block",
                item.reference,
                other.reference,
            )


def refuse_late_cases(ordered: Sequence[AgendaItem], starts: Mapping[str, int], wishes: Wishes) -> None:
    """Raises BadInput `fixed-times-clash` for cases that begin after their fixed time or before an earlier block."""
    late = [
        item.reference
        for item in ordered
        if item.reference in wishes.fixed and starts[item.reference] != wishes.fixed[item.reference]
    ]
    late += [
        item.reference
        for place, item in enumerate(ordered)
        if any(item.block < other.block for other in ordered[:place])
    ]
    if late:
        names = ", ".join(dict.fromkeys(late))
        raise _clash(
            f"no order lets {names} begin when fixed: earlier blocks, breaks and other cases take longer", *late
        )


def _clash(why: str, *references: str) -> BadInput:
    return BadInput(f"{why}; change or free one of the times", code="fixed-times-clash", cases=list(references))
