"""Paper is read back: words, fonts that travel with it, pages n of m, and nothing of a patient."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from tumorboard.domain.picture import Part, Picture, draw_meeting
from tumorboard.domain.timeline import Interval
from tumorboard.formats.pdf import Held, Paper, Seated, write_paper
from tumorboard.formats.pdf_fonts import BUILT_IN, NANUM, choose_fonts
from tumorboard.formats.pdf_picture import HATCH, hatch

START = datetime(2026, 11, 23, 22, 30, tzinfo=UTC)  # 07:30 in Seoul
SPECIALTIES = {"urology": "비뇨의학과"}
needs_nanum = pytest.mark.skipif(
    not (NANUM / "NanumGothic.ttf").is_file(), reason="no Korean TrueType font; apt-get install fonts-nanum"
)


def span(first: int, last: int) -> Interval:
    return Interval(START + timedelta(minutes=first), START + timedelta(minutes=last))


def a_picture(cases: int, *, minutes: int = 240, lanes: int = 2) -> Picture:
    """Cases of five minutes; each specialist is needed for two of them with one between."""
    agenda = [(f"OV-{number:03}", span(5 * number, 5 * number + 5)) for number in range(cases)]
    parts = [Part("김서연", "교수", "core", span(0, minutes), ["pathology"], [], True)]
    for number in range(lanes if cases > 2 else 0):
        first = number % (cases - 2)
        window = Interval(agenda[first][1].start, agenda[first + 2][1].end)
        hers = [agenda[first][0], agenda[first + 2][0]]
        parts.append(Part(f"문성진{number}", "교수", "on_demand", window, ["urology"], hers, number % 2 == 0))
    return draw_meeting(
        "m1", span(0, minutes), "Asia/Seoul", agenda=agenda, parts=parts, specialties=SPECIALTIES, case_ids={}, lacks={}
    )


def a_paper(cases: int = 3, *, lanes: int = 2, **changes: Any) -> Paper:
    values: dict[str, Any] = {
        "board": "난소암 다학제", "room": "본관 3층", "status": "공개됨", "picture": a_picture(cases, lanes=lanes),
        "core": (Seated("김서연 교수", "병리과"),), "as_of": START - timedelta(days=1),
    }  # fmt: skip
    return Paper(**{**values, **changes})


def read(content: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(content))


def text_of(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in read(content).pages)


def test_equal_values_give_equal_bytes() -> None:
    assert write_paper(a_paper(), language="ko") == write_paper(a_paper(), language="ko")


@pytest.mark.parametrize(("cases", "pages"), [(3, 1), (40, 2)])
def test_every_page_says_what_it_is_of_and_which_one_of_how_many(cases: int, pages: int) -> None:
    found = read(write_paper(a_paper(cases), language="ko")).pages

    said = [page.extract_text() for page in found]
    assert len(said) == pages
    assert [re.search(r"(\d+) / (\d+)", text)[0] for text in said] == [  # type: ignore[index]
        f"{page} / {pages}" for page in range(1, pages + 1)
    ]
    for text in said:
        assert ("난소암 다학제" in text, "2026-11-24 (화) 07:30–11:30 (Asia/Seoul) · 본관 3층" in text) == (True, True)


def test_agenda_names_cases_windows_and_who_is_needed() -> None:
    said = text_of(write_paper(a_paper(), language="ko"))

    for words in ("OV-000", "07:30–07:35", "문성진0 교수", "비뇨의학과", "OV-000, OV-002", "김서연 교수", "병리과"):
        assert words in said, words


def test_page_is_a4_and_names_its_language_and_title() -> None:
    document = read(write_paper(a_paper(), language="ko"))

    assert [round(float(length) / 72 * 25.4) for length in document.pages[0].mediabox[2:]] == [210, 297]
    assert document.metadata is not None
    assert document.metadata.title == "난소암 다학제 2026-11-24 (화) 07:30"
    assert document.root_object["/Lang"] == "ko"


@needs_nanum
def test_korean_font_travels_in_the_file() -> None:
    document = read(write_paper(a_paper(), language="ko"))

    fonts = [font.get_object() for font in document.pages[0]["/Resources"]["/Font"].values()]
    korean = [font for font in fonts if "Nanum" in font["/BaseFont"]]
    assert len(korean) >= 1
    assert all("/FontFile2" in font["/FontDescriptor"] for font in korean)


def test_without_a_font_the_reader_brings_its_own(tmp_path: Path) -> None:
    fonts = choose_fonts(tmp_path / "missing.ttf", folder=tmp_path)

    assert (fonts.regular, fonts.bold, fonts.is_embedded) == (BUILT_IN, BUILT_IN, False)


def test_file_that_is_no_font_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "NanumGothic.ttf").write_bytes(b"no font at all")

    assert choose_fonts(tmp_path / "NanumGothic.ttf", folder=tmp_path).regular == BUILT_IN


def test_built_in_font_writes_korean(tmp_path: Path) -> None:
    made = write_paper(a_paper(), language="ko", fonts=choose_fonts(folder=tmp_path))

    assert "문성진0 교수" in text_of(made)


@needs_nanum
def test_font_of_the_setting_comes_first() -> None:
    fonts = choose_fonts(NANUM / "NanumBarunGothic.ttf")

    assert (fonts.regular, fonts.bold) == ("NanumBarunGothic", "NanumBarunGothicBold")


def test_markup_in_a_name_stays_text() -> None:
    said = text_of(write_paper(a_paper(board="<b>A & B</b>", room="<img src='x'/>"), language="en"))

    assert ("<b>A & B</b>" in said, "<img src='x'/>" in said) == (True, True)


def test_long_names_are_cut_and_not_written_over_each_other() -> None:
    made = write_paper(a_paper(board="긴이름" * 40, room="회의실" * 40), language="ko")

    assert "…" in text_of(made)


def test_many_lanes_still_leave_one_picture_on_the_first_page() -> None:
    made = write_paper(a_paper(40, lanes=45), language="ko")

    assert "문성진44 교수" in text_of(made)


def test_meeting_without_a_case_says_so() -> None:
    said = text_of(write_paper(a_paper(0, notice="아직 공개되지 않았습니다."), language="ko"))

    assert "아직 공개되지 않았습니다." in said


def test_record_says_outcomes_presence_and_signature() -> None:
    paper = a_paper(outcomes=(("OV-000", Held("Deferred", "A report was missing")),), present=("Kim",), signed="Signed")

    said = text_of(write_paper(paper, language="en"))

    for words in ("Deferred: A report was missing", "Was there", "Kim", "Signed"):
        assert words in said, words


@pytest.mark.parametrize(("left", "right"), [(0, 20), (5, 6), (0, 100)])
def test_hatch_stays_in_its_box(left: float, right: float) -> None:
    strokes = list(hatch(left, right, 8))

    assert len(strokes) >= (right - left) // HATCH
    assert all(left <= x <= right and 0 <= rise <= 8 for a, b, c, d in strokes for x, rise in ((a, b), (c, d)))


def test_paper_has_no_field_for_a_patient() -> None:
    assert set(Paper.__slots__) == {
        "board", "room", "status", "picture", "core", "as_of", "notice", "outcomes", "present", "signed",
    }  # fmt: skip
    assert not re.search(r"\d{6}-[1-8]\d{6}", text_of(write_paper(a_paper(40), language="ko")))
