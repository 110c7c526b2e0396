from __future__ import annotations

from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

from flask import Flask

from tests.builders import PROGRAM, a_case_csv, a_case_row
from tests.web.conftest import Program


def today(app: Flask) -> date:
    return app.extensions["tumorboard"].today(datetime.now(UTC))  # type: ignore[no-any-return]


def references(program: Program) -> list[str]:
    return sorted(row["reference"] for row in program.get("/cases").get_json()["items"])


def upload(program: Program, content: bytes, query: str = "", filename: str = "cases.csv") -> Any:
    data = {"file": (BytesIO(content), filename)}
    return program.post(f"/cases/import?program={PROGRAM}{query}", data=data)


def test_dry_run_says_what_would_happen_and_writes_nothing(app: Flask, coordinator: Program) -> None:
    rows = [a_case_row("C-1", on=today(app), ecog="2"), a_case_row("C-7", on=today(app))]

    response = upload(coordinator, a_case_csv(rows), "&dry_run=true")

    assert response.status_code == 200
    assert response.get_json() == {
        "created": 1,
        "updated": 1,
        "unchanged": 0,
        "refused": 0,
        "import_id": "",
        "problems": [],
        "rows": [
            {"row": 2, "reference": "C-1", "action": "updated", "changed": ["ecog"]},
            {"row": 3, "reference": "C-7", "action": "created", "changed": []},
        ],
    }
    assert references(coordinator) == ["C-1", "C-2", "C-3"]


def test_import_is_taken_back(app: Flask, coordinator: Program) -> None:
    done = upload(coordinator, a_case_csv([a_case_row("C-7", on=today(app))])).get_json()

    undone = coordinator.post(f"/imports/{done['import_id']}/undo")
    again = coordinator.post(f"/imports/{done['import_id']}/undo")

    assert (undone.status_code, undone.get_json()) == (200, {"removed": 1, "restored": 0})
    assert (again.status_code, again.get_json()["code"]) == (404, "unknown-import")
    assert references(coordinator) == ["C-1", "C-2", "C-3"]


def test_import_leaves_out_refused_rows_and_says_where(app: Flask, coordinator: Program) -> None:
    rows = [a_case_row("C-7", on=today(app)), a_case_row("C-8", on=today(app), figo_stage="IX")]

    response = upload(coordinator, a_case_csv(rows))

    body = response.get_json()
    assert (body["created"], body["refused"]) == (1, 1)
    assert [(each["row"], each["column"], each["code"]) for each in body["problems"]] == [
        (3, "figo_stage", "impossible-stage")
    ]
    assert references(coordinator) == ["C-1", "C-2", "C-3", "C-7"]


def test_same_file_again_changes_nothing(app: Flask, coordinator: Program) -> None:
    content = a_case_csv([a_case_row("C-7", on=today(app))])

    first, second = upload(coordinator, content).get_json(), upload(coordinator, content).get_json()

    assert (first["created"], second["unchanged"]) == (1, 1)


def test_file_that_is_no_table_is_refused(coordinator: Program) -> None:
    response = upload(coordinator, b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", filename="cases.pdf")

    assert (response.status_code, response.get_json()["code"]) == (422, "not-a-table")


def test_import_without_a_file_says_so(coordinator: Program) -> None:
    response = coordinator.post(f"/cases/import?program={PROGRAM}")

    assert response.status_code == 422
    assert [error["field"] for error in response.get_json()["errors"]] == ["file"]


def test_nothing_is_refused_before_the_first_import_of_the_pages(coordinator: Program) -> None:
    response = coordinator.get("/imports/refused")

    assert (response.status_code, response.get_json()["problems"]) == (200, [])
