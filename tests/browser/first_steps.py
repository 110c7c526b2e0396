"""The first start in a browser, from the code on an empty database to the preview of the first list."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask

from tests.browser.stage import press
from tests.builders import PASSWORD, PROGRAM, a_case_csv
from tumorboard.services.first_start import make_setup_code

SEND = "main form.form .primary"


def walk(app: Flask, page: Any, directory: Path) -> Iterator[str]:
    """Everything from the code to the first import; gives the name of each page when it is reached."""
    page.goto("/")
    yield "code"
    page.fill("#code-code", make_setup_code(app.extensions["tumorboard"], now=datetime.now(UTC)))
    press(page, "main form button")
    yield "begin"
    page.fill("#begin-name_ko", "한강센터")
    page.fill("#begin-name", "김하나")
    page.fill("#begin-email", "kim@hospital.example")
    page.fill("#begin-password", PASSWORD)
    page.fill("#begin-again", PASSWORD)
    press(page, SEND)
    yield "people"
    for seat in app.extensions["tumorboard"].program(PROGRAM).seats:
        page.fill(f"#people-name-{seat.specialty}", seat.specialty)
        page.fill(f"#people-email-{seat.specialty}", f"{seat.specialty}@hospital.example")
    press(page, SEND)
    yield "board"
    page.fill("#board-room_name", "다학제 회의실")
    press(page, SEND)
    yield "import"
    file = directory / "cases.csv"
    file.write_bytes(a_case_csv(on=datetime.now(UTC).date()))
    page.set_input_files("#file", file)
    press(page, SEND)
