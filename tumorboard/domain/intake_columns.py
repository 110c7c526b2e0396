"""Which columns of a case list feed which field of the programme."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tumorboard.domain.cells import suggest
from tumorboard.domain.errors import BadTable
from tumorboard.domain.identity import RESIDENT_NUMBER, has_resident_number
from tumorboard.domain.intake_draft import CellProblem, say_where
from tumorboard.domain.intake_headings import as_heading
from tumorboard.domain.intake_rules import FieldRule, IntakeRules, KeptColumn, Source, as_column

Candidate = tuple[str, Source | None]
"""A column that may hold a field's value; the source is None for the column named by the field itself."""


class ColumnMap:
    """The columns of one list under the rules of one programme, understood once for all rows.

    `is_source` is true for a table whose columns are all in the words of an author or curator; `headings` are the words
    of the pages, understood in every other table where nothing else has a column's name.
    """

    def __init__(self, rules: IntakeRules, columns: Sequence[str], headings: Mapping[str, str]) -> None:
        self._rules = rules
        self._columns = tuple(columns)
        self._at: dict[str, str] = {}
        for column in columns:
            self._at.setdefault(as_column(column), column)
        self.is_source = any(marker in self._at for marker in rules.source_markers)
        self._said = frozenset() if self.is_source else self._understand(headings)
        self.references = self._present(rules.reference)
        self.kept: tuple[tuple[KeptColumn, tuple[str, ...]], ...] = tuple(
            (kept, columns) for kept in rules.kept if (columns := self._present(kept.columns))
        )
        self.fields = tuple(
            (rule, candidates)
            for rule in rules.fields
            if (candidates := self._candidates(rule)) or rule.speaks_without_columns
        )
        self.companions = {
            self._at[column]: self._at[other]
            for rule in rules.fields
            for column, other in rule.companions.items()
            if column in self._at and other in self._at
        }
        self.readiness = tuple(
            (item, days)
            for item in rules.readiness
            if (days := {day: self._at[name] for day, name in _day_columns(item) if name in self._at})
        )

    @property
    def read(self) -> tuple[str, ...]:
        """Every column from which anything is read, each once."""
        kept = (column for _, columns in self.kept for column in columns)
        fields = (column for _, candidates in self.fields for column, _ in candidates)
        days = (column for _, columns in self.readiness for column in columns.values())
        return tuple(dict.fromkeys((*self.references, *kept, *fields, *days)))

    @property
    def program(self) -> str | None:
        """The column of a plain list that names the programme of each row."""
        return None if self.is_source else self._at.get("program")

    def _understand(self, headings: Mapping[str, str]) -> frozenset[str]:
        """The columns that are named in words of the pages, from now on known by the name of what they hold."""
        taken = self._known() | self._rules.ignored
        said = set()
        for column in self._columns:
            name = headings.get(as_heading(column), "") if as_column(column) not in taken else ""
            if name and self._at.setdefault(name, column) == column:
                said.add(column)
        return frozenset(said)

    def _present(self, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(self._at[name] for name in names if name in self._at)

    def _candidates(self, rule: FieldRule) -> tuple[Candidate, ...]:
        own = self._present((as_column(rule.field.id),))
        sources = [(column, source) for source in rule.sources for column in self._present(source.columns)]
        return (*((column, None) for column in own), *(pair for pair in sources if pair[0] not in own))

    def refuse_other_files(self, header_row: int) -> None:
        """Raises BadTable for a file that holds no cases, however well it is written."""
        for place, column in enumerate(self._columns, start=1):
            if has_resident_number(column):
                raise BadTable(
                    f"row {header_row}, column {place}: holds what looks like a resident registration number; "
                    "remove these numbers from the file and name the columns in its first row",
                    code=RESIDENT_NUMBER,
                    places=((header_row, str(place)),),
                )
        for other in self._rules.no_case_lists:
            if other.columns <= self._at.keys():
                raise BadTable(
                    f"this file lists events, several rows for one patient; give {other.instead}",
                    code="not-a-case-list",
                )
        if not self.references:
            hints = [hint for column in self._columns if (hint := suggest(column, self._rules.reference))]
            raise BadTable(
                f"row {header_row}: no column holds the reference of the case; name one of the columns 'reference'."
                f"{hints[0] if hints else ''}",
                code="no-reference-column",
            )

    def unknown_columns(self, header_row: int) -> tuple[CellProblem, ...]:
        """One problem for each column that is not imported, with what may have been meant."""
        known = self._known()
        named = known | self._rules.ignored
        return tuple(
            CellProblem(
                column,
                "unknown-column",
                f"{say_where(header_row, column)}: is no column of this programme and is not imported."
                f"{suggest(column, known)}",
                refuses=False,
            )
            for column in self._columns
            if as_column(column) not in named and column not in self._said
        )

    def _known(self) -> frozenset[str]:
        rules = self._rules
        known = {*rules.reference, *rules.source_markers}
        known.update(name for item in rules.readiness for _, name in _day_columns(item))
        known.update(column for kept in rules.kept for column in kept.columns)
        for rule in rules.fields:
            known.update((as_column(rule.field.id), *rule.companions, *rule.companions.values()))
            known.update(column for source in rule.sources for column in source.columns)
        return frozenset(known)


def _day_columns(item: str) -> tuple[tuple[str, str], ...]:
    return (("reported", as_column(f"{item}_reported_on")), ("expected", as_column(f"{item}_expected_on")))
