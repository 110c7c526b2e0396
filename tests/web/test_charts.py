"""The kit of charts puts every value in its place, in percent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tumorboard.web.pages.charts import BAR_SHARE, Count, Line, Piece, draw_bars, draw_columns, draw_strips


def test_longest_bar_leaves_room_for_its_number() -> None:
    rows = draw_bars([("Urology", [("before", 40, "40"), ("plain", 10, "10")]), ("Genetics", [("plain", 0, "0")])])

    assert [line.end for row in rows for line in row.lines] == [BAR_SHARE, BAR_SHARE / 4, 0]
    assert rows[0].lines[1] == Line((Piece("plain", 0, 18),), 18, "10")


def test_shares_are_drawn_against_the_whole() -> None:
    assert draw_bars([("a", [("plain", 50, "50 %")])], longest=100)[0].lines[0].end == BAR_SHARE / 2


def test_columns_stack_from_the_bottom() -> None:
    columns = draw_columns([("11-23", [("discussed", 3), ("deferred", 0), ("withdrawn", 1)]), ("11-30", [])])

    assert columns[0].pieces == (Piece("discussed", 0, 75), Piece("withdrawn", 75, 25))
    assert [(column.said, column.top, column.pieces == ()) for column in columns] == [("4", 100, False), ("", 0, True)]


def test_labels_stand_where_there_is_room() -> None:
    columns = draw_columns([(str(number), []) for number in range(52)])

    assert [column.label for column in columns if column.is_labelled] == ["0", "9", "18", "27", "36", "45"]


def test_strip_marks_days_and_the_limit() -> None:
    chart = draw_strips([("Routine", "said", (2, 2, 9), (9,), 4, "limit")])

    row = chart.rows[0]
    assert (row.width, row.limit) == (10, 50)
    assert row.marks == (Piece("in-time", 20, 100), Piece("late", 90, 50))
    assert row.counts == (Count(25, 100, "2", on_phone=True), Count(95, 50, "1", on_phone=True))
    assert chart.ticks == ((5, 0), (25, 2), (45, 4), (65, 6), (85, 8))


def test_strips_share_one_scale_and_print_what_has_room() -> None:
    chart = draw_strips([("", "", (7, 7), (), 99, ""), ("", "", (7, 8, 9, 10, 14), (), 99, "")])

    assert [mark.length for row in chart.rows for mark in row.marks] == [100, 50, 50, 50, 50, 50]
    assert [(one.x, one.on_phone) for one in chart.rows[1].counts] == [(7.5, True), (10.5, False), (14.5, True)]


def test_very_long_waits_stand_at_the_end() -> None:
    chart = draw_strips([("a", "", (500,), (500,), 14, "")], most_days=99)

    assert (chart.rows[0].marks, chart.rows[0].limit) == ((Piece("late", 99, 100),), 15)


def test_charts_of_nothing_are_empty() -> None:
    assert (draw_bars([]), draw_columns([]), draw_strips([]).rows) == ((), (), ())


@given(st.lists(st.lists(st.integers(0, 400), max_size=20), min_size=1, max_size=5), st.integers(0, 90))
def test_nothing_is_drawn_outside(rows: list[list[int]], limit: int) -> None:
    chart = draw_strips([("", "", days, [day for day in days if day > limit], limit, "") for days in rows])
    columns = draw_columns([("", [("a", len(days)), ("b", sum(days))]) for days in rows])

    for row in chart.rows:
        assert 0 <= row.limit <= 100.001
        assert all(mark.start >= 0 and mark.start + row.width <= 100.01 and mark.length <= 100 for mark in row.marks)
    for column in columns:
        assert column.x + column.width <= 100.001
        assert all(piece.start + piece.length <= 100.01 for piece in column.pieces)
