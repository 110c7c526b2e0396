"""Reports: how long cases waited, what became of them, who was there, and what the order of agendas saved."""

from __future__ import annotations

import io
from datetime import date, timedelta
from statistics import median

from flask import request, send_file
from werkzeug.wrappers import Response

from tumorboard.domain.cells import read_date
from tumorboard.domain.errors import BadInput, NotFound
from tumorboard.domain.indicators import OUTCOMES, whole_percent
from tumorboard.formats.sheets import write_csv
from tumorboard.services.access import Permission
from tumorboard.services.boards import list_boards
from tumorboard.services.report_tables import tabulate_report
from tumorboard.services.reports import USUAL_WEEKS, Period, Report, choose_period, read_report
from tumorboard.web.auth import current_actor, database, setup, utc_now
from tumorboard.web.pages.charts import BarRow, Column, Strips, draw_bars, draw_columns, draw_strips
from tumorboard.web.pages.frame import pages, show, words
from tumorboard.web.pages.names import all_specialties
from tumorboard.words.labels import URGENCIES, say_code
from tumorboard.words.refusals import say_error
from tumorboard.words.reports import DEFERRALS
from tumorboard.words.reports import OUTCOMES as OUTCOME_WORDS

PERIODS = (4, USUAL_WEEKS, 26, 52)
"""Weeks until today, one click each."""
MOST_LATE = 50


@pages.get("/reports")
def show_reports() -> Response:
    """The reports of a period; board and days stand in the address."""
    actor, now, problem = current_actor(), utc_now(), ""
    try:
        period = _chosen_period()
    except BadInput as error:
        problem = say_error(error, words())
        period = choose_period(setup(), board="", first=None, last=None, now=now)
    report = read_report(database(), setup(), period=period, by=actor, now=now)
    today = setup().today(now)
    return show(
        "reports.html",
        200 if not problem else 422,
        report=report,
        period=period,
        problem=problem,
        boards=list_boards(database(), by=actor),
        periods=[(weeks, (today - timedelta(weeks=weeks) + timedelta(days=1)).isoformat()) for weeks in PERIODS],
        today=today,
        tables=tabulate_report(setup(), report, words()),
        figures=_figures(report),
        waits=_draw_waits(report),
        weeks=_draw_weeks(report),
        outcomes=[(code or "unrecorded", say_code(code, words(), OUTCOME_WORDS)) for code in OUTCOMES],
        attended=_draw_attendance(report),
        held=_draw_held(report),
        reasons=draw_bars(
            (say_code(code, words(), DEFERRALS), [("plain", number, str(number))]) for code, number in report.reasons
        ),
        late=report.late[:MOST_LATE] if actor.may(Permission.CASE_READ) else (),
    )


@pages.get("/reports/<name>.csv")
def download_report(name: str) -> Response:
    """One table of the reports. It names no case, so that nobody is asked what for."""
    now = utc_now()
    report = read_report(database(), setup(), period=_chosen_period(), by=current_actor(), now=now)
    table = tabulate_report(setup(), report, words()).get(name)
    if table is None:
        raise NotFound("there is no such table", code="not-found")
    days = f"{report.period.first.isoformat()}-{report.period.last.isoformat()}"
    content = io.BytesIO(write_csv(table))
    return send_file(content, "text/csv", as_attachment=True, download_name=f"{name}-{days}.csv")


def _chosen_period() -> Period:
    return choose_period(
        setup(), board=request.args.get("board", "").strip(), first=_day("from"), last=_day("to"), now=utc_now()
    )


def _day(name: str) -> date | None:
    text = request.args.get(name, "").strip()
    if not text:
        return None
    try:
        return read_date(text)
    except BadInput as error:
        raise BadInput(str(error), code=error.code, field=name) from None


def _figures(report: Report) -> dict[str, object]:
    """The four numbers above the charts."""
    days = [day for one in report.waits for day in one.days]
    in_time = sum(one.in_time for one in report.waits)
    return {
        "discussed": sum(week.counts["discussed"] for week in report.weeks),
        "in_time": whole_percent(in_time, len(days)) if days else None,
        "median": f"{median(days):g}" if days else None,
        "saved": report.held.total.saved,
    }


def _draw_waits(report: Report) -> Strips:
    language = words().language
    several = len({one.program for one in report.waits}) > 1
    rows = []
    for one in report.waits:
        known = setup().programs.get(one.program)
        name = known.name.in_language(language) if known else one.program
        urgency = say_code(one.urgency, words(), URGENCIES)
        said = words().gettext("median %(median)s days; %(in_time)s of %(cases)s in time") % {
            "median": f"{one.median_days:g}", "in_time": one.in_time, "cases": len(one.days),
        }  # fmt: skip
        limit = words().gettext("limit: %(days)s days") % {"days": one.limit_days}
        label = f"{urgency} · {name}" if several else urgency
        rows.append((label, said, one.days, one.late_days, one.limit_days, limit))
    return draw_strips(rows)


def _draw_weeks(report: Report) -> tuple[Column, ...]:
    return draw_columns(
        [
            (f"{week.monday:%m-%d}", [(code or "unrecorded", week.counts[code]) for code in OUTCOMES])
            for week in report.weeks
        ]
    )


def _draw_attendance(report: Report) -> tuple[BarRow, ...]:
    names = all_specialties()
    return draw_bars(
        (
            (
                names.get(one.specialty, one.specialty),
                [("plain", one.percent, f"{one.there}/{one.expected} · {one.percent} %")],
            )
            for one in sorted(report.attended, key=lambda one: (one.percent, one.specialty))
        ),
        longest=100,
    )


def _draw_held(report: Report) -> tuple[BarRow, ...]:
    names = all_specialties()
    return draw_bars(
        (
            ", ".join(names.get(key, key) for key in keys),
            [("before", held.arrival, str(held.arrival)), ("plain", held.now, str(held.now))],
        )
        for keys, held in report.held.specialties.items()
    )
