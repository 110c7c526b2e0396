"""People that a case asks for by name: who is meant by what a list or a form says."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Final

from tumorboard.domain.cells import as_word, quote
from tumorboard.domain.intake_draft import CellProblem, Draft, say_where

NAMED_MEMBERS: Final = "named_members"

People = Mapping[str, Collection[str]]
"""What a member may be called, as `cells.as_word` compares it, to the ids of the members who are called so."""


def named_in(draft: Draft) -> frozenset[str]:
    """Whom the draft asks for, as it says it."""
    named = draft.values.get(NAMED_MEMBERS, frozenset())
    return named if isinstance(named, frozenset) else frozenset()


def recognise_people(
    draft: Draft, people: People, *, row: int | None = None, known: Collection[str] = frozenset()
) -> Draft:
    """The draft with ids of members in place of their names and addresses.

    It is refused (`named-member-unknown`, `named-member-ambiguous`) where nobody, or more than one, is meant: a case
    that asks for somebody who is not there can never be planned. `known` is what the case said before; that stays.
    """
    found, problems = set(), []
    for said in sorted(named_in(draft)):
        meant = people.get(as_word(said), ())
        if said in known:
            found.add(said)
        elif len(meant) == 1:
            found.update(meant)
        else:
            problems.append(_refuse(said, row, is_ambiguous=bool(meant)))
    if found == named_in(draft) and not problems:
        return draft
    values = {**draft.values, NAMED_MEMBERS: frozenset(found)}
    return replace(draft, values=values, problems=(*draft.problems, *problems))


def _refuse(said: str, row: int | None, *, is_ambiguous: bool) -> CellProblem:
    where = say_where(row, NAMED_MEMBERS)
    if is_ambiguous:
        message = f"more than one member is called {quote(said)}; give the e-mail address"
        return CellProblem(
            NAMED_MEMBERS, "named-member-ambiguous", f"{where}: {message}", refuses=True, values={"value": quote(said)}
        )
    message = f"no member is called {quote(said)}; give a name or an e-mail address as on the list of members"
    return CellProblem(
        NAMED_MEMBERS, "named-member-unknown", f"{where}: {message}", refuses=True, values={"value": quote(said)}
    )
