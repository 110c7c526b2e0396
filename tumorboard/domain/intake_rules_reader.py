"""Reads and checks the part of a programme that says how imported columns become fields: `<id>.intake.toml`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from tumorboard.domain.cells import as_word
from tumorboard.domain.errors import BadProgram
from tumorboard.domain.fields import Field, FieldKind
from tumorboard.domain.intake_rules import (
    WORD,
    Decision,
    FieldRule,
    IntakeRules,
    KeptColumn,
    NoCaseList,
    Source,
    Test,
    as_column,
)
from tumorboard.domain.program import Program

_READERS = ("stage", "year")
_OPERATORS = ("starts_with", "ends_with")
_TOP_KEYS = (
    *("missing", "reference", "normalised", "ignored", "source_markers", "not_a_case_list"),
    *("fields", "kept", "remarks"),
)
_FIELD_KEYS = (
    *("reader", "sources", "words", "missing", "missing_flag", "ambiguous_flag", "remarks", "companions", "drop"),
    *("cut", "otherwise", "steps", "unusable", "decide"),
)


def read_rules(program: Program) -> IntakeRules:
    """The programme's intake, checked; raises BadProgram naming file, table and key.

    A programme without an intake file reads columns named by its field ids and a column `reference`.
    """
    return _Reader(program).rules()


class _Reader:
    """Walks the parsed file and knows how to say where something is wrong."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.names: Collection[str] = program.fields.keys()

    def rules(self) -> IntakeRules:
        top = self.table("file", self.program.intake, _TOP_KEYS)
        kept = self.table("kept", top.get("kept", {}))
        specified = self.table("fields", top.get("fields", {}))
        self.names = {*self.program.fields, *kept}
        self.known("fields", specified, self.program.fields)
        fields = [
            self.field(field, specified.get(name, {}))
            for name, field in self.program.fields.items()
            if name not in kept and name != "reference"
        ]
        return IntakeRules(
            missing=frozenset({"", *map(as_word, self.strings("file", top, "missing"))}),
            reference=self.columns("file", top, "reference") or ("reference",),
            normalised=self.known("normalised", self.strings("file", top, "normalised"), self.names),
            ignored=frozenset(self.columns("file", top, "ignored")),
            source_markers=frozenset(self.columns("file", top, "source_markers")),
            no_case_lists=tuple(map(self.no_case_list, self.tables("file", top, "not_a_case_list"))),
            # What looks at other fields comes after them.
            fields=tuple(sorted(fields, key=lambda rule: bool(rule.decisions or rule.unusable))),
            kept=tuple(self.kept(name, spec) for name, spec in kept.items()),
            remarks=tuple(self.decision("remarks", spec) for spec in self.tables("file", top, "remarks")),
            readiness=tuple(item.id for item in self.program.readiness),
        )

    def field(self, field: Field, given: Any) -> FieldRule:
        where = f"fields.{field.id}"
        spec = self.table(where, given, _FIELD_KEYS)
        reader = spec.get("reader", "")
        if reader and reader not in _READERS:
            raise self.fail(where, f"unknown reader '{reader}'; known are {', '.join(_READERS)}")
        unusable = self.table(f"{where}.unusable", spec.get("unusable", {}), ("when", "flag"))
        words = self.words(where, spec)
        decisions = tuple(self.decision(f"{where}.decide", d, field) for d in self.tables(where, spec, "decide"))
        if not decisions:  # a decision may make a value of a word that is none
            self.values(where, field, words.values())
        return FieldRule(
            field=field,
            reader=reader,
            sources=tuple(self.source(f"{where}.sources", entry) for entry in self.tables(where, spec, "sources")),
            words=words,
            missing=frozenset(map(as_word, self.strings(where, spec, "missing"))),
            missing_flag=spec.get("missing_flag"),
            ambiguous_flag=spec.get("ambiguous_flag"),
            remarks=self.remarks(where, field, spec),
            companions={as_column(key): as_column(name) for key, name in spec.get("companions", {}).items()},
            drop=self.strings(where, spec, "drop"),
            cut=bool(spec.get("cut", False)),
            otherwise=next(iter(self.values(where, field, [spec["otherwise"]] if "otherwise" in spec else [])), None),
            steps=self.steps(where, field, spec),
            unusable=self.tests(where, unusable.get("when", {})),
            unusable_flag=unusable.get("flag"),
            decisions=decisions,
        )

    def remarks(self, where: str, field: Field, spec: Mapping[str, Any]) -> dict[str, str]:
        given = self.table(f"{where}.remarks", spec.get("remarks", {}))
        return {
            value: flag
            for flag in given
            for value in self.values(where, field, self.strings(f"{where}.remarks", given, flag))
        }

    def steps(self, where: str, field: Field, spec: Mapping[str, Any]) -> dict[float, str]:
        pairs = self.thresholds(f"{where}.steps", self.tables(where, spec, "steps"))
        return {start: self.values(where, field, [value])[0] for start, value in pairs}

    def source(self, where: str, given: Any) -> Source:
        spec = self.table(where, given, ("columns", "bands", "minimum", "maximum"))
        bands = {start: int(value) for start, value in self.thresholds(where, self.tables(where, spec, "bands"))}
        return Source(self.columns(where, spec, "columns"), bands, spec.get("minimum"), spec.get("maximum"))

    def kept(self, name: str, given: Any) -> KeptColumn:
        where = f"kept.{name}"
        spec = self.table(where, given, ("columns", "words", "flags"))
        flags = self.table(f"{where}.flags", spec.get("flags", {}))
        by_word = {as_word(word): flag for flag in flags for word in self.strings(where, flags, flag)}
        return KeptColumn(
            name, (as_column(name), *self.columns(where, spec, "columns")), self.words(where, spec), by_word
        )

    def no_case_list(self, given: Any) -> NoCaseList:
        spec = self.table("not_a_case_list", given, ("columns", "instead"))
        columns = frozenset(self.columns("not_a_case_list", spec, "columns"))
        return NoCaseList(columns, str(spec.get("instead", "a list with one row for each case")))

    def decision(self, where: str, given: Any, field: Field | None = None) -> Decision:
        spec = self.table(where, given, ("when", "value", "undecided", "flag"))
        if field is not None and "value" in spec:
            self.values(where, field, [spec["value"]])
        tests = self.tests(where, spec.get("when", {}))
        return Decision(tests, spec.get("value"), bool(spec.get("undecided", False)), spec.get("flag"))

    def tests(self, where: str, when: Any) -> tuple[Test, ...]:
        return tuple(self.test(f"{where}, when.{name}", name, given) for name, given in self.table(where, when).items())

    def test(self, where: str, name: str, given: Any) -> Test:
        if name != WORD and name not in self.names:
            raise self.fail(where, "is neither a field nor a kept column")
        if isinstance(given, list):
            return Test(name, "is", tuple(as_word(str(word)) for word in given))
        spec = self.table(where, given, _OPERATORS)
        if len(spec) != 1:
            raise self.fail(where, f"needs one of {', '.join(_OPERATORS)}")
        operator = next(iter(spec))
        return Test(name, operator, tuple(map(as_word, self.strings(where, spec, operator))))

    def words(self, where: str, spec: Mapping[str, Any]) -> dict[str, Any]:
        words: dict[str, Any] = {}
        for entry in self.tables(where, spec, "words"):
            self.table(f"{where}.words", entry, ("value", "words"), required=("value", "words"))
            for word in self.strings(f"{where}.words", entry, "words"):
                if words.setdefault(as_word(word), entry["value"]) != entry["value"]:
                    raise self.fail(f"{where}.words", f"'{word}' has two meanings")
        return words

    def thresholds(self, where: str, entries: Iterable[Mapping[str, Any]]) -> list[tuple[float, Any]]:
        for entry in entries:
            self.table(where, entry, ("from", "value"), required=("from", "value"))
            if not isinstance(entry["from"], int | float):
                raise self.fail(f"{where}, from", "must be a number")
        return [(float(entry["from"]), entry["value"]) for entry in entries]

    def values(self, where: str, field: Field, values: Iterable[Any]) -> list[str]:
        texts = [str(value) for value in values]
        for text in texts:
            if field.kind is FieldKind.CHOICE and text not in field.choices:
                raise self.fail(where, f"'{text}' is no value of this field")
        return texts

    def columns(self, where: str, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
        return tuple(map(as_column, self.strings(where, table, key)))

    def strings(self, where: str, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
        given = table.get(key, [])
        if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
            raise self.fail(f"{where}, {key}", "must be a list of texts")
        return tuple(given)

    def tables(self, where: str, table: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
        given = table.get(key, [])
        if not isinstance(given, list) or not all(isinstance(item, Mapping) for item in given):
            raise self.fail(f"{where}, {key}", "must be a list of tables")
        return given

    def table(
        self, where: str, given: Any, keys: Collection[str] | None = None, required: Collection[str] = ()
    ) -> Mapping[str, Any]:
        if not isinstance(given, Mapping):
            raise self.fail(where, "must be a table")
        for key in given:
            if keys is not None and key not in keys:
                raise self.fail(where, f"unknown key '{key}'; known are {', '.join(sorted(keys))}")
        for key in required:
            if key not in given:
                raise self.fail(where, f"needs '{key}'")
        return given

    def known(self, where: str, names: Iterable[str], allowed: Collection[str]) -> tuple[str, ...]:
        for name in names:
            if name not in allowed:
                raise self.fail(where, f"'{name}' is no field of the programme")
        return tuple(names)

    def fail(self, where: str, what: str) -> BadProgram:
        return BadProgram(f"{self.program.id}.intake.toml, {where}: {what}")
