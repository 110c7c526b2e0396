"""The tables behind the charts of a report, in the reader's language: for the page, and to take along."""

from __future__ import annotations

from collections.abc import Mapping

from tumorboard.domain.indicators import OUTCOMES
from tumorboard.formats.sheets import Cell, Table
from tumorboard.services.export_tables import make_table, specialty_names
from tumorboard.services.reports import Report
from tumorboard.services.setup import Setup
from tumorboard.words import Words
from tumorboard.words.labels import URGENCIES, say_code
from tumorboard.words.reports import DEFERRALS, TITLES
from tumorboard.words.reports import OUTCOMES as OUTCOME_WORDS

TABLES = ("waits", "weeks", "attended", "held", "reasons")


def tabulate_report(setup: Setup, report: Report, words: Words) -> dict[str, Table]:
    """Every table by its name. None of them names a case or a member."""
    specialties = specialty_names(setup, words)
    programs = {key: one.name.in_language(words.language) for key, one in setup.programs.items()}
    return {
        "waits": _waits(report, words, programs),
        "weeks": _weeks(report, words),
        "attended": _attended(report, words, specialties),
        "held": _held(report, words, specialties),
        "reasons": _reasons(report, words),
    }


def _waits(report: Report, words: Words, programs: Mapping[str, str]) -> Table:
    columns = ("programme", "urgency", "cases", "median", "longest", "limit", "in-time", "late")
    rows: list[tuple[Cell, ...]] = [
        (programs.get(one.program, one.program), say_code(one.urgency, words, URGENCIES), len(one.days),
         f"{one.median_days:g}", one.days[-1], one.limit_days, one.in_time, len(one.late_days))
        for one in report.waits
    ]  # fmt: skip
    return make_table(words, "waits", columns, rows)


def _weeks(report: Report, words: Words) -> Table:
    heads = tuple(say_code(code, words, OUTCOME_WORDS) for code in OUTCOMES)
    table = make_table(words, "weeks", ("week", "together"), ())
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (week.monday.isoformat(), week.total, *(week.counts[code] for code in OUTCOMES)) for week in report.weeks
    )
    return Table(say_code("weeks", words, TITLES), (*table.columns, *heads), rows)


def _attended(report: Report, words: Words, specialties: Mapping[str, str]) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (specialties.get(one.specialty, one.specialty), one.expected, one.there, f"{one.percent} %")
        for one in report.attended
    ]
    return make_table(words, "attended", ("specialty", "meetings", "there", "share"), rows)


def _held(report: Report, words: Words, specialties: Mapping[str, str]) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (", ".join(specialties.get(name, name) for name in names), held.arrival, held.now, held.saved)
        for names, held in report.held.specialties.items()
    ]
    return make_table(words, "held", ("specialty", "arrival", "now", "saved"), rows)


def _reasons(report: Report, words: Words) -> Table:
    rows: list[tuple[Cell, ...]] = [(say_code(code, words, DEFERRALS), number) for code, number in report.reasons]
    return make_table(words, "reasons", ("reason", "cases"), rows)
