"""The worklist, the import with its preview, and one case."""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.builders import PROGRAM, a_case_csv, a_case_row, case_id, import_list
from tests.web.visitor import Page, Visitor
from tumorboard.services.case_lists import read_case_list
from tumorboard.store.cases import Case, PendingImport
from tumorboard.store.db import db
from tumorboard.store.meetings import Meeting

TODAY = datetime.now(UTC)


@pytest.fixture
def coordinator(app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.log_in("coordinator@hospital.example")
    return visitor


@pytest.fixture
def physician(app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.log_in("physician@hospital.example")
    return visitor


def address_of(app: Flask, reference: str) -> str:
    with app.app_context():
        return f"/cases/{case_id(db.session(), reference)}"


def references(page: Page) -> list[str]:
    return [row[0] if row[0].startswith("C-") else row[1] for row in page.rows[1:]]


def today(app: Flask) -> Any:
    return app.extensions["tumorboard"].today(datetime.now(UTC))


def upload(visitor: Visitor, content: bytes, name: str = "list.csv") -> Page:
    visitor.see("/cases/import")
    return visitor.send("/cases/import", program=PROGRAM, file=(io.BytesIO(content), name))


def test_worklist_says_what_is_missing_and_whom_to_ask(coordinator: Visitor) -> None:
    page = coordinator.see("/cases")

    waiting = next(row for row in page.rows if "C-3" in row)
    assert "CT of chest, abdomen and pelvis: missing · ask Radiology" in waiting
    assert "Not ready" in waiting


def test_worklist_shows_who_is_needed(coordinator: Visitor) -> None:
    page = coordinator.see("/cases")

    row = next(row for row in page.rows if "C-2" in row)
    assert ("Core team (4)" in row, "Urology" in row) == (True, True)


def test_worklist_filters_stand_in_the_address(coordinator: Visitor) -> None:
    by_state = coordinator.see("/cases?state=not_ready")
    by_reference = coordinator.see("/cases?search=c-2")
    by_program = coordinator.see("/cases?program=perinatal")

    assert (references(by_state), references(by_reference), references(by_program)) == (["C-3"], ["C-2"], [])


def test_worklist_asks_the_database_as_often_for_one_case_as_for_three(
    coordinator: Visitor, count_queries: Callable[[], Any]
) -> None:
    with count_queries() as for_one:
        coordinator.see("/cases?search=C-1")
    with count_queries() as for_three:
        coordinator.see("/cases?search=C-")

    assert len(for_one) == len(for_three)


def test_worklist_notes_a_report_for_the_ticked_cases(app: Flask, coordinator: Visitor) -> None:
    page = coordinator.see("/cases")
    ids = [address_of(app, reference).rpartition("/")[2] for reference in ("C-1", "C-3")]

    page = coordinator.send(
        "/cases/readiness",
        case=ids,
        item="ct_chest_abdomen_pelvis",
        what="reported",
        day=str(today(app)),
        next="/cases",
    )

    assert "Noted for 2 cases." in page.text
    assert references(coordinator.see("/cases?state=not_ready")) == []


def test_worklist_without_a_tick_says_so(coordinator: Visitor) -> None:
    coordinator.see("/cases")

    page = coordinator.send("/cases/readiness", item="ct_chest_abdomen_pelvis", what="reported")

    assert "Tick at least one case first" in page.text


def test_case_shows_rule_reason_and_source(app: Flask, coordinator: Visitor) -> None:
    page = coordinator.see(address_of(app, "C-2"))

    assert "R01 [G]" in page.text
    assert "ESGO quality indicator 5" in page.text


def test_case_shows_an_age_of_90_and_over_as_90_plus(app: Flask, coordinator: Visitor) -> None:
    with app.app_context():
        rows = [a_case_row("D-1", on=today(app), age_years="93"), a_case_row("D-2", on=today(app), age_years="89")]
        import_list(db.session(), app.extensions["tumorboard"], now=TODAY, content=a_case_csv(rows))

    old = coordinator.see(address_of(app, "D-1"))
    younger = coordinator.see(address_of(app, "D-2"))

    assert ("Age (years) 90+" in old.text, "Age (years) 93" in old.text) == (True, False)
    assert "Age (years) 89" in younger.text


def test_case_notes_an_expected_report_and_says_when(app: Flask, coordinator: Visitor) -> None:
    address = address_of(app, "C-3")
    coordinator.see(address)
    day = today(app) + timedelta(days=2)

    coordinator.send(
        f"{address}/readiness", item="ct_chest_abdomen_pelvis", what="expected", day=day.isoformat(), owed_by=""
    )
    page = coordinator.see("/cases?search=C-3")

    assert f"expected on {day.isoformat()}" in page.text


def test_case_item_without_a_day_says_so(app: Flask, coordinator: Visitor) -> None:
    address = address_of(app, "C-3")
    coordinator.see(address)

    page = coordinator.send(f"{address}/readiness", item="ct_chest_abdomen_pelvis", what="reported", day="")

    assert "Name the day" in page.text


def test_physician_waives_a_need_and_takes_it_back(app: Flask, physician: Visitor) -> None:
    address = address_of(app, "C-2")
    physician.see(address)

    waived = physician.send(f"{address}/waivers", specialty="urology", physician="Dr. Kim", because="stent only")
    restored = physician.send(f"{address}/waivers/end", specialty="urology")

    assert "Urology waived by Dr. Kim: stent only" in waived.text
    assert "waived by" not in restored.text


def test_physician_sees_no_way_to_change_the_case(app: Flask, physician: Visitor) -> None:
    address = address_of(app, "C-2")

    page = physician.see(address)

    assert ("Edit facts" in page.text, "Withdraw the case" in page.text) == (False, False)
    assert physician.see(f"{address}/facts").status == 403


def test_facts_that_somebody_else_changed_meanwhile_stay(app: Flask, coordinator: Visitor) -> None:
    address = f"{address_of(app, 'C-1')}/facts"
    shown = json.dumps({"ecog": "1", "question": "Which operation?"})
    coordinator.send(address, asked=["ecog", "question"], shown=shown, ecog="2", question="Which operation?")

    merged = coordinator.send(address, asked=["ecog", "question"], shown=shown, ecog="1", question="When?")
    both = coordinator.send(address, asked=["ecog", "question"], shown=shown, ecog="3", question="When?")

    assert (merged.status, both.status) == (200, 422)
    assert "Somebody changed this field in the meantime" in both.text
    with app.app_context():
        facts = db.session().scalars(select(Case.facts).where(Case.reference == "C-1")).one()
    assert (facts["ecog"], facts["question"]) == (2, "When?")


def test_facts_are_changed_and_only_what_changed_is_recorded(app: Flask, coordinator: Visitor) -> None:
    address = address_of(app, "C-1")
    form = coordinator.see(f"{address}/facts")

    page = coordinator.send(
        f"{address}/facts",
        asked=["ecog", "planned_procedures", "histology"],
        ecog="3",
        planned_procedures=["hysterectomy_bso", "omentectomy"],
        histology="high_grade_serous",
    )

    assert 'name="ecog" value="1"' in form.html
    assert "Facts changed · ECOG performance status Coordinator" in page.text


def test_impossible_fact_is_refused_and_what_was_typed_stays(app: Flask, coordinator: Visitor) -> None:
    address = address_of(app, "C-1")
    coordinator.see(f"{address}/facts")

    page = coordinator.send(f"{address}/facts", asked=["ecog"], ecog="9")

    assert page.status == 422
    assert 'name="ecog" value="9"' in page.html
    with app.app_context():
        facts = db.session().scalars(select(Case.facts).where(Case.reference == "C-1")).one()
    assert facts["ecog"] == 1


def test_case_is_withdrawn(app: Flask, coordinator: Visitor) -> None:
    address = address_of(app, "C-1")
    coordinator.see(address)

    page = coordinator.send(f"{address}/withdraw")

    assert "The case is withdrawn." in page.text
    assert references(coordinator.see("/cases")) == ["C-2", "C-3"]


def test_case_taken_off_its_meeting_is_put_back_by_one_button(
    app: Flask, published: Session, coordinator: Visitor
) -> None:
    address = address_of(app, "C-2")
    page = coordinator.see(address)
    stood = [text for text in page.words if re.fullmatch(r"\d{4}-\d\d-\d\d .{5} \d\d:\d\d", text)][0]

    off = coordinator.send(f"{address}/withdraw-scheduled")
    twice = coordinator.send(f"{address}/withdraw-scheduled")
    withdrawn = coordinator.see(address)
    back = coordinator.send(off.action("/put-back"))

    assert "Off the meeting and withdrawn; 2 letters leave." in off.text
    assert "The case is off its meeting and withdrawn already." in twice.text
    assert "Put it back on 20" in withdrawn.text
    assert "again; 2 letters leave." in back.text
    assert stood in coordinator.see(address).text
    assert back.action("/withdraw-scheduled") == f"{address}/withdraw-scheduled"


def test_case_that_cannot_come_back_is_on_the_list_and_the_page_says_why(
    app: Flask, published: Session, coordinator: Visitor
) -> None:
    address = address_of(app, "C-2")
    coordinator.see(address)
    off = coordinator.send(f"{address}/withdraw-scheduled")
    published.rollback()
    published.execute(update(Meeting).values(status="cancelled"))
    published.commit()

    page = coordinator.send(off.action("/put-back"))

    assert (
        "on the list again, but not on its meeting: the meeting it stood on has begun, or is no longer held"
        in page.text
    )
    assert "/put-back" not in page.html


def test_ticked_cases_are_withdrawn_by_name_and_brought_back_by_one_button(app: Flask, coordinator: Visitor) -> None:
    coordinator.see("/cases")
    ids = [address_of(app, reference).rpartition("/")[2] for reference in ("C-1", "C-3")]

    page = coordinator.send("/cases/withdraw", case=ids, next="/cases")
    undo = page.action(r"/cases/reopen\?.*")
    back = coordinator.send(undo, next="/cases")

    assert ("Withdrawn: C-1, C-3" in page.text, references(page)) == (True, ["C-2"])
    assert ("On the list again: C-1, C-3" in back.text, references(back)) == (True, ["C-1", "C-2", "C-3"])


def test_withdrawn_cases_are_reopened_from_their_list(app: Flask, coordinator: Visitor) -> None:
    address = address_of(app, "C-1")
    coordinator.see(address)
    coordinator.send(f"{address}/withdraw")

    page = coordinator.see("/cases?state=withdrawn")

    assert ("/cases/reopen" in page.actions, "/cases/withdraw" in page.html) == (True, False)
    offered = {action for action in coordinator.see(address).actions if action.startswith("/cases/")}
    assert offered == {f"{address}/reopen"}


def test_referring_a_withdrawn_case_leads_to_it(app: Flask, coordinator: Visitor) -> None:
    address = address_of(app, "C-1")
    coordinator.see(address)
    coordinator.send(f"{address}/withdraw")
    coordinator.see("/cases/new")

    page = coordinator.send(
        "/cases/new", program=PROGRAM, asked=["reference", "question"], reference="C-1", question="?"
    )

    assert (page.status, page.links["Open the case"]) == (422, address)
    assert f"{address}/reopen" in page.actions


def test_a_resident_number_in_a_form_is_told_of_the_field(coordinator: Visitor) -> None:
    coordinator.see("/cases/new")
    number = "900101-" + "2345678"

    page = coordinator.send(
        "/cases/new", program=PROGRAM, asked=["reference", "question"], reference="C-9", question=f"Operate? {number}"
    )

    assert page.status == 422
    assert "Question to the board: Holds what looks like a resident registration number" in page.text
    assert ("must not be entered" in page.text, "900101" in page.html, "Operate? …" in page.html) == (True, False, True)
    assert ("the file" in page.text, "olumn" in page.text) == (False, False)


def test_a_scheduled_case_is_named_once_when_it_cannot_be_withdrawn(app: Flask, coordinator: Visitor) -> None:
    with app.app_context():
        case = db.session().scalars(select(Case).where(Case.reference == "C-1")).one()
        case.status = "scheduled"
        db.session().commit()
    coordinator.see("/cases")

    page = coordinator.send(
        "/cases/withdraw", case=[address_of(app, "C-1").rpartition("/")[2]], next="/cases?state=done"
    )

    assert "C-1 stands on a published meeting" in page.text
    assert page.text.count("C-1") == 1


def test_preview_shows_what_changes_by_label_from_old_to_new(coordinator: Visitor) -> None:
    page = upload(coordinator, b"reference,ecog,asa,grade\nC-1,2,3,\nC-2,,,\n")

    assert "ECOG performance status 1 → becomes 2" in page.text
    assert "1 case stays as it is" in page.text
    assert "Grade missing" not in page.text


def test_a_score_of_which_nothing_is_known_is_not_zero(app: Flask, coordinator: Visitor) -> None:
    coordinator.see("/cases/new")
    page = coordinator.send("/cases/new", program=PROGRAM, asked=["reference"], reference="C-9")

    assert "Aletti surgical complexity — not known yet" in page.text


def test_case_is_referred_with_reference_and_question(coordinator: Visitor) -> None:
    coordinator.see("/cases/new")

    page = coordinator.send(
        "/cases/new", program=PROGRAM, asked=["reference", "question"], reference="N-1", question="What next?"
    )

    assert page.status == 200
    assert ("N-1" in page.text, "What next?" in page.text) == (True, True)


def test_referral_with_a_known_reference_is_refused(coordinator: Visitor) -> None:
    coordinator.see("/cases/new")

    page = coordinator.send("/cases/new", program=PROGRAM, asked=["reference"], reference="C-1")

    assert page.status == 422
    assert "There is already a case C-1" in page.text


@pytest.mark.parametrize("address", ["/cases?search={}", "/outbox?search={}", "/outbox?page={}", "/cases?page={}"])
def test_endless_words_and_numbers_in_an_address_are_no_accident(coordinator: Visitor, address: str) -> None:
    answers = [coordinator.client.get(address.format("9" * digits)).status_code for digits in (23, 60_000)]

    assert answers == [200, 200]


def test_search_for_a_withdrawn_case_leads_to_it(app: Flask, coordinator: Visitor) -> None:
    with app.app_context():
        db.session().execute(update(Case).where(Case.reference == "C-3").values(status="withdrawn"))
        db.session().commit()

    page = coordinator.see("/cases?search=C-3")

    assert "1 withdrawn case has this reference:" in page.text
    assert references_of(coordinator.see("/cases?state=withdrawn&search=C-3")) == ["C-3"]


def test_import_shows_what_would_happen_then_does_it(app: Flask, coordinator: Visitor) -> None:
    day = today(app)
    rows = [a_case_row("N-1", on=day), a_case_row("C-1", on=day), a_case_row("N-2", on=day, figo_stage="IXZ")]

    preview = upload(coordinator, a_case_csv(rows))
    before = coordinator.see("/cases?search=N-")
    coordinator.see(preview_address := coordinator_preview(preview))
    done = coordinator.send(preview_address)
    after = coordinator.see("/cases?search=N-")

    assert [word for word in preview.rows[1] if word in ("4", "N-2", "Refused")] == ["4", "N-2", "Refused"]
    assert "figo_stage" in preview.rows[1]
    assert before.rows == []
    assert "Imported: 1 new, 0 changed, 1 unchanged, 1 refused." in done.text
    assert references_of(after) == ["N-1"]
    assert done.rows[1][:3] == ["4", "FIGO stage (", "figo_stage"]
    assert ("IXZ" in done.html, "There is no such stage." in done.text) == (False, True)

    undone = coordinator.send(done.action(r"/cases/imports/.*/undo"))

    assert "The import is taken back. Removed: 1; as before: 0." in undone.text
    assert coordinator.see("/cases?search=N-").rows == []
    assert "This import was taken back since" in coordinator.see(preview_address).text
    assert [row[1:] for row in coordinator.see("/cases/import").rows if "taken back" in row] == [
        ["Coordinator", "Ovarian, tubal and peritoneal cancer", "New 1 · Changed 0 ·", "Refused 1", "taken back"]
    ]


def test_the_way_back_to_a_preview_says_what_became_of_it(app: Flask, coordinator: Visitor) -> None:
    address = coordinator_preview(upload(coordinator, a_case_csv([a_case_row("N-1", on=today(app))])))
    coordinator.see(address)
    coordinator.send(address)

    back = coordinator.see(address)
    again = coordinator.send(address)

    assert [("This list was imported" in page.text, "Import 1 case" in page.text) for page in (back, again)] == [
        (True, False), (True, False),
    ]  # fmt: skip


def test_long_import_is_followed_to_its_end(app: Flask, coordinator: Visitor) -> None:
    question = "Which operation is best for somebody with such findings and such a history?"
    rows = [f"B-{number or 1},{question}" for number in range(3_000)]
    preview = upload(coordinator, "\n".join(["reference,question", *rows]).encode())
    address = coordinator_preview(preview)
    coordinator.see(address)

    first = coordinator.send(address, long="yes")
    until = time.monotonic() + 60
    while (page := coordinator.see(address)).actions and "Importing" in page.text and time.monotonic() < until:
        time.sleep(0.2)

    assert 'name="long"' in preview.html
    assert ("Importing" in first.text, "Stop; write nothing" in first.text) == (True, True)
    again, link = coordinator.see("/cases/imports/refused"), coordinator.see("/cases/import")
    assert [row[0] for row in page.rows[1:]] == [row[0] for row in again.rows[1:]] == ["3"]
    assert ("Take this import back" in page.text, "Your last import refused 1 row" in link.text) == (False, True)


def coordinator_preview(page: Page) -> str:
    """The address of the preview: that of its form to drop, without the end."""
    return page.action("/drop").removesuffix("/drop")


def references_of(page: Page) -> list[str]:
    return [row[0] for row in page.rows[1:]]


def test_dropped_import_leaves_nothing(app: Flask, coordinator: Visitor) -> None:
    preview = upload(coordinator, a_case_csv([a_case_row("N-1", on=today(app))]))

    page = coordinator.send(preview.action("/drop"))

    assert "nothing was imported" in page.text
    with app.app_context():
        assert db.session().scalars(select(PendingImport)).all() == []


def test_second_upload_replaces_the_first(app: Flask, coordinator: Visitor) -> None:
    first = upload(coordinator, a_case_csv([a_case_row("N-1", on=today(app))]))
    upload(coordinator, a_case_csv([a_case_row("N-2", on=today(app))]))

    page = coordinator.send(coordinator_preview(first))

    assert page.status == 404
    with app.app_context():
        assert len(db.session().scalars(select(PendingImport)).all()) == 1


def test_upload_of_somebody_else_cannot_be_confirmed(app: Flask, coordinator: Visitor) -> None:
    preview = upload(coordinator, a_case_csv([a_case_row("N-1", on=today(app))]))
    other = Visitor(app)
    other.log_in("chair@hospital.example")

    page = other.send(coordinator_preview(preview))

    assert page.status == 404


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "", "먼저 파일을 선택해 주십시오"),
        (b"", "empty.csv", "빈 파일입니다"),
        (b"%PDF-1.7 not a table", "list.csv", "표가 아닌 파일입니다"),
        (b"name,stage\nx,IIIC\n", "list.csv", "증례 번호 열이 없습니다"),
    ],
)
def test_file_that_is_no_case_list_is_refused_in_words(app: Flask, content: bytes, name: str, words: str) -> None:
    visitor = Visitor(app, language="ko")
    visitor.log_in("coordinator@hospital.example")

    page = upload(visitor, content, name)

    assert (page.status, words in page.text) == (422, True)


def test_resident_number_is_refused_and_never_shown(app: Flask, coordinator: Visitor) -> None:
    number = "850101-" + "2345678"
    content = a_case_csv([a_case_row("N-1", on=today(app), question=number)])

    page = upload(coordinator, content)

    assert page.status == 422
    assert "resident registration number" in page.text
    with app.app_context():
        assert db.session.scalars(select(PendingImport)).all() == []
    assert (number in page.html, number.replace("-", "") in page.html) == (False, False)


def test_resident_numbers_are_told_by_row_and_column(app: Flask) -> None:
    number = "850101-" + "2345678"
    visitor = Visitor(app, language="ko")
    visitor.log_in("coordinator@hospital.example")
    rows = "".join(f"N-{place},수술 {number if place != 2 else ''}\n" for place in range(13))

    few = upload(visitor, f"증례 번호,논의 안건\nN-1,좋음\nN-2,{number}\n".encode())
    many = upload(visitor, f"증례 번호,논의 안건\n{rows}".encode())

    assert "값이 있는 칸: 3행 ‘논의 안건’ 열. 파일에서" in few.text
    assert "값이 있는 칸: 2행 ‘논의 안건’ 열, 3행 ‘논의 안건’ 열, 5행 ‘논의 안건’ 열" in many.text
    assert "12행 ‘논의 안건’ 열 외 2칸." in many.text
    assert (few.status, number in few.html, number in many.html) == (422, False, False)


def test_list_in_korean_words_is_previewed(app: Flask) -> None:
    visitor = Visitor(app, language="ko")
    visitor.log_in("coordinator@hospital.example")

    page = upload(visitor, "증례 번호,의뢰일,논의 안건,FIGO 병기\nN-1,2026-11-20,수술?,IX\n".encode())

    assert page.status == 200
    assert "FIGO 병기 : 입력값 'IX': 없는 병기입니다." in page.text
    assert "열이 등록되지 않습니다" not in page.text


def test_import_page_names_the_columns_and_gives_an_empty_list(app: Flask, coordinator: Visitor) -> None:
    page = coordinator.see("/cases/import")
    columns = coordinator.client.get(f"/cases/import/columns/{PROGRAM}.csv")

    header = columns.get_data().decode("utf-8-sig").strip().split(",")
    assert "planned_procedures" in page.text
    assert header[0] == "reference"
    assert {"figo_stage", "pathology_report_reported_on"} <= set(header)
    with app.app_context():
        rules = app.extensions["tumorboard"].program(PROGRAM)
    row = ",".join("X-1" if name == "reference" else "" for name in header)
    intake = read_case_list(rules, f"{','.join(header)}\n{row}\n".encode(), filename="x.csv", on=today(app))
    assert (len(intake.accepted), intake.column_problems) == (1, ())


def test_a_time_is_fixed_on_the_page_of_the_case(app: Flask, coordinator: Visitor) -> None:
    address = address_of(app, "C-2")
    day = (today(app) + timedelta(days=9)).isoformat()
    coordinator.see(address)

    fixed = coordinator.send(f"{address}/fixed-time", day=day, clock="14:30")
    wrong = coordinator.send(f"{address}/fixed-time", day=day, clock="half past two")
    freed = coordinator.send(f"{address}/fixed-time", day="", clock="")

    assert ("Begins at a fixed time:" in fixed.text, f"{day}" in fixed.text, "14:30" in fixed.text) == (True,) * 3
    assert "The time is fixed. No meeting spans this time yet." in fixed.text
    assert (f'value="{day}"' in fixed.html, 'value="14:30"' in fixed.html) == (True, True)
    assert "Give a day and a time, as in 14:30" in wrong.text
    assert "Begins at a fixed time:" not in freed.text


def test_resident_number_typed_into_a_search_leaves_the_address(coordinator: Visitor) -> None:
    page = coordinator.see("/cases?state=ready&search=900101-2234567")

    assert (coordinator.address, "2234567" in page.html) == ("/cases", False)
    assert "resident registration number" in page.text
