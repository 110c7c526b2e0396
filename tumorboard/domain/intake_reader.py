"""Reads one row of a case list into a draft, under the data rules of the programme."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Final

from tumorboard.domain import cells as cell
from tumorboard.domain.errors import BadInput
from tumorboard.domain.identity import has_resident_number
from tumorboard.domain.intake_columns import Candidate, ColumnMap
from tumorboard.domain.intake_draft import Draft, Reading
from tumorboard.domain.intake_headings import read_headings
from tumorboard.domain.intake_rules import WORD, Decision, FieldRule, KeptColumn, Source, Test
from tumorboard.domain.intake_rules_reader import read_rules
from tumorboard.domain.intake_values import read_by_kind, read_edition
from tumorboard.domain.model import CaseFacts, ReadinessRecord, Value
from tumorboard.domain.program import Program
from tumorboard.domain.references import ReferencePattern, looks_converted, looks_like_name, read_reference

LONGEST_REFERENCE: Final = 64
MEANING: Final = "# a digit, @ a letter, ? either"
REFERRED_ON: Final = "referred_on"
TARGET_ON: Final = "target_on"
"""The field of every programme that the clocks of a case start from."""
Known = Callable[[str], CaseFacts | None]
"""The case with a reference as it is known already, however that is written; None for a new one."""


class CaseReader:
    """Reads rows that share their columns."""

    def __init__(
        self,
        program: Program,
        columns: Sequence[str],
        references: ReferencePattern | None = None,
        known: Known | None = None,
    ) -> None:
        self._known = known or _know_nothing
        self._program = program
        self._references = references
        self._rules = read_rules(program)
        self._order = {name: place for place, name in enumerate(program.fields)}
        self.columns = ColumnMap(self._rules, columns, read_headings(program))
        self._read_columns = self.columns.read
        self._called = {cell.as_word(name) for name in (program.id, program.name.en, program.name.ko)}

    def read(self, cells: Mapping[str, str], *, on: date, row: int | None = None) -> Draft:
        """The draft of one row; `row` is its number in the file, for the messages."""
        reading = Reading(cells, on=on, row=row)
        if has_resident_number("\x00".join(cells.values())):
            return reading.refuse_resident_numbers()
        reading.refuse_not_worked_out(self._read_columns)
        self._refuse_other_program(reading)
        reference = self._read_reference(reading)
        reading.known = self._known(reference) if reference else None
        reference = reading.known.reference if reading.known is not None else reference
        for kept, columns in self.columns.kept:
            self._read_kept(reading, kept, columns)
        for rule, candidates in self.columns.fields:
            self._read_field(reading, rule, candidates)
        self._refuse_target_before_referral(reading)
        if reading.known is not None:
            self._leave_remarks(reading, reading.known)
        for remark in self._rules.remarks:
            if remark.flag and self._all_hold(remark.tests, reading):
                reading.flags.add(remark.flag)
        return Draft(
            reference,
            dict(sorted(reading.values.items(), key=lambda entry: self._order[entry[0]])),
            reading.kept,
            frozenset(reading.flags),
            tuple(self._read_readiness(reading)),
            tuple(reading.problems),
        )

    def reference_column(self, cells: Mapping[str, str]) -> str:
        """The column that gives this row its reference; the first that could when none does."""
        filled = (c for c in self.columns.references if not self._is_missing(cell.clean_text(cells.get(c, ""))))
        return next(filled, (*self.columns.references, "reference")[0])

    def _is_missing(self, text: str) -> bool:
        return not text or cell.as_word(text) in self._rules.missing

    def _text(self, reading: Reading, column: str) -> str:
        """The cleaned text of a cell, empty when it is missing (rule D1)."""
        text = cell.clean_text(reading.cells.get(column, ""))
        return "" if self._is_missing(text) else text

    def _read_reference(self, reading: Reading) -> str | None:
        column = self.reference_column(reading.cells)
        text = read_reference(self._text(reading, column))
        if not text:
            reading.refuse(column, "missing-reference", "the case has no reference; give it a local one, no name")
        elif len(text) > LONGEST_REFERENCE:
            reading.refuse(column, "too-long", f"the reference is longer than {LONGEST_REFERENCE} characters")
        elif self._references is not None and not self._references.fits(text):
            pattern, example = self._references.text, self._references.example
            message = (
                f"the reference does not keep to the centre's pattern {pattern} ({MEANING}), for example {example}"
            )
            reading.refuse(column, "reference-pattern", message, pattern=pattern, example=example)
        elif self._references is None and looks_converted(text):
            message = "the reference looks like something a spreadsheet made; set the column to text and write it again"
            reading.refuse(column, "reference-converted", message)
        elif looks_like_name(text):
            reading.refuse(column, "reference-like-a-name", "the reference looks like a name; use a local number")
        return text or None

    def _read_kept(self, reading: Reading, kept: KeptColumn, columns: tuple[str, ...]) -> None:
        for column in columns:
            text = cell.clean_text(reading.cells.get(column, ""))
            word = cell.as_word(text)
            if word in kept.flags:
                reading.flags.add(kept.flags[word])
            if self._is_missing(text):
                continue
            try:
                reading.kept[kept.name] = cell.read_text(kept.words.get(word, text))
            except BadInput as error:
                reading.refuse_cell(column, error)
            return

    def _refuse_other_program(self, reading: Reading) -> None:
        said = self._text(reading, self.columns.program) if self.columns.program else ""
        if self.columns.program and said and cell.as_word(said) not in self._called:
            message = f"the row names another programme, {cell.quote(said)}; import it as a list of that one"
            reading.refuse(self.columns.program, "other-program", message, value=cell.quote(said))

    def _refuse_target_before_referral(self, reading: Reading) -> None:
        before = reading.known.values if reading.known is not None else {}
        referred, target = ({**before, **reading.values}.get(name) for name in (REFERRED_ON, TARGET_ON))
        if isinstance(referred, date) and isinstance(target, date) and target < referred:
            said = next((name for name in (TARGET_ON, REFERRED_ON) if name in reading.values), TARGET_ON)
            column = self._column_of(reading, said)
            reading.refuse(
                column, "target-before-referral", "the case would have to be discussed before it is referred"
            )

    def _column_of(self, reading: Reading, field: str) -> str:
        """The column that gave the field its value."""
        candidates = next((found for rule, found in self.columns.fields if rule.field.id == field), ())
        return next((column for column, _ in candidates if self._text(reading, column)), field)

    def _leave_remarks(self, reading: Reading, known: CaseFacts) -> None:
        """Remarks of source columns stay where the row says nothing of the column."""
        present = {kept.name: columns for kept, columns in self.columns.kept}
        for kept in self._rules.kept:
            if not any(cell.clean_text(reading.cells.get(column, "")) for column in present.get(kept.name, ())):
                reading.flags |= known.flags.intersection(kept.flags.values())

    def _leave_as_it_is(self, reading: Reading, rule: FieldRule, candidates: tuple[Candidate, ...]) -> bool:
        """True where the row says nothing of what is known: neither the value nor a remark changes."""
        if reading.known is None or any(self._says(reading, rule, column) for column, _ in candidates):
            return False
        is_given = _is_known(reading, rule)
        before = rule.flags & reading.known.flags
        reading.flags |= before - {rule.missing_flag} if is_given else before
        return is_given or bool(before)

    def _says(self, reading: Reading, rule: FieldRule, column: str) -> str:
        """The text of a cell; empty when it says nothing of this field."""
        text = self._text(reading, column)
        return text if text and cell.as_word(cell.drop_words(text, rule.drop)) not in rule.missing else ""

    def _read_field(self, reading: Reading, rule: FieldRule, candidates: tuple[Candidate, ...]) -> None:
        if self._leave_as_it_is(reading, rule, candidates):
            return
        value, is_own_id = self._first_understood(reading, rule, candidates)
        if value is not None and rule.unusable and self._all_hold(rule.unusable, reading):
            value = None
            if rule.unusable_flag:
                reading.flags.add(rule.unusable_flag)
        if rule.decisions:
            value = self._decide(reading, rule, value, candidates, is_own_id=is_own_id)
        if rule.field.id == REFERRED_ON and isinstance(value, date) and value > reading.on:
            column = self._column_of(reading, REFERRED_ON)
            reading.refuse(column, "referred-in-future", "the day of the referral is still to come")
            return
        if value is None:
            value = rule.otherwise
        if value is not None:
            reading.values[rule.field.id] = value
            if str(value) in rule.remarks:
                reading.flags.add(rule.remarks[str(value)])
        elif rule.missing_flag and rule.ambiguous_flag not in reading.flags and not _is_known(reading, rule):
            reading.flags.add(rule.missing_flag)

    def _first_understood(
        self, reading: Reading, rule: FieldRule, candidates: tuple[Candidate, ...]
    ) -> tuple[Value | None, bool]:
        """The value of the first column whose word is understood, and whether it is an id in the field's own column.

        A registry's word that nobody understands gives no value. An impossible stage or number refuses the row, and so
        does any unknown word in the column named by the field itself. Where author and curator both speak, the other
        one is heard before that.
        """
        not_understood: tuple[str, str, BadInput] | None = None
        for column, source in candidates:
            text = self._says(reading, rule, column)
            if not text:
                continue
            is_own = source is None and not self.columns.is_source
            try:
                value = self._read_value(reading, rule, text, column, source)
            except BadInput as error:
                if is_own or not (self.columns.is_source or error.code == "unknown-value"):
                    reading.refuse_cell(column, error)
                    return None, False
                not_understood = not_understood or (column, text, error)
                continue
            if value is not None:
                return value, is_own and text in rule.field.choices
            if rule.ambiguous_flag:
                reading.flags.add(rule.ambiguous_flag)
                return None, False
        if not_understood is not None:
            column, text, reason = not_understood
            refuses = reason.code != "unknown-value"
            message = str(reason) if refuses else f"{cell.quote(text)} is not understood; {rule.field.id} is left empty"
            values = {name: value for name, value in reason.values.items() if refuses or name == "value"}
            reading.note(column, reason.code, message, refuses=refuses, **values)
        return None, False

    def _read_value(
        self, reading: Reading, rule: FieldRule, text: str, column: str, source: Source | None
    ) -> Value | None:
        field = rule.field
        if cell.as_word(text) in rule.words:
            return rule.words[cell.as_word(text)]
        if rule.reader == "stage":
            if column in self.columns.companions:
                text = cell.join_stage(text, self._text(reading, self.columns.companions[column]))
            return cell.read_stage(text, choices=field.choices, drop=rule.drop)
        if rule.reader == "year" and source is not None:
            return read_edition(rule, text)
        if source is not None and source.bands:
            number = cell.read_number(text, minimum=source.minimum, maximum=source.maximum)
            return cell.from_bands(number, source.bands)
        return read_by_kind(rule, text, on=reading.on)

    def _decide(
        self,
        reading: Reading,
        rule: FieldRule,
        word: Value | None,
        candidates: tuple[Candidate, ...],
        *,
        is_own_id: bool,
    ) -> Value | None:
        """What the first decision makes of the word whose tests all hold; the word itself when there is none.

        Where a registry's word cannot be decided, an id that somebody chose in the field's own column stays.
        """
        decision = next((d for d in rule.decisions if self._all_hold(d.tests, reading, word=word)), None)
        if decision is None:
            return word
        if decision.flag:
            reading.flags.add(decision.flag)
        if decision.undecided and is_own_id:
            return word
        if decision.undecided:
            self._note_undecided(reading, rule, decision, word, candidates)
            return None
        return word if decision.value is None else decision.value

    def _note_undecided(
        self,
        reading: Reading,
        rule: FieldRule,
        decision: Decision,
        word: Value | None,
        candidates: tuple[Candidate, ...],
    ) -> None:
        if word is None:
            return
        column = next(column for column, _ in candidates if self._text(reading, column))
        others = " and ".join(f"this {test.name}" for test in decision.tests)
        message = f"the programme has no {rule.field.id} for '{word}' with {others}; it is left empty"
        reading.note(column, "unknown-value", message, refuses=False)

    def _all_hold(self, tests: Iterable[Test], reading: Reading, *, word: Value | None = None) -> bool:
        return all(test.holds(word if test.name == WORD else self._fact(reading, test.name)) for test in tests)

    def _fact(self, reading: Reading, name: str) -> object:
        """A value of the row, a kept source column, what is known already, or what the programme assumes."""
        if name in reading.values:
            return reading.values[name]
        field = self._program.fields.get(name)
        known = reading.known.values if reading.known else {}
        return reading.kept.get(name, known.get(name, field.default if field else None))

    def _read_readiness(self, reading: Reading) -> Iterable[ReadinessRecord]:
        for item, columns in self.columns.readiness:
            days: dict[str, date] = {}
            for day, column in columns.items():
                text = self._text(reading, column)
                try:
                    if text:
                        days[day] = cell.read_date(text)
                except BadInput as error:
                    reading.refuse_cell(column, error)
            if "reported" in days and days["reported"] > reading.on:
                said = "a report cannot be dated in the future; note it as expected"
                reading.refuse(columns["reported"], "report-in-future", said)
            if days:
                yield ReadinessRecord(item, reported_on=days.get("reported"), expected_on=days.get("expected"))


def _is_known(reading: Reading, rule: FieldRule) -> bool:
    return reading.known is not None and rule.field.id in reading.known.values


def _know_nothing(_reference: str) -> CaseFacts | None:
    """Every case is new."""
    return None
