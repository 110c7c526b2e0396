"""What counts for the whole centre, over the API and in the words of pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.builders import PROGRAM
from tests.web.conftest import Program
from tests.web.visitor import Visitor
from tumorboard.services.access import Role


@pytest.fixture
def administrator(program: Callable[[Role], Program]) -> Program:
    return program(Role.ADMINISTRATOR)


def test_pattern_is_set_and_kept_to(administrator: Program, coordinator: Program) -> None:
    before = coordinator.get("/centre/settings").get_json()

    changed = administrator.patch("/centre/settings", {"reference_pattern": "C-####"})
    refused = coordinator.post("/cases", {"program": PROGRAM, "fields": {"reference": "9"}})

    assert (before, changed.get_json()) == ({"reference_pattern": ""}, {"reference_pattern": "C-####"})
    assert (refused.status_code, refused.get_json()["code"]) == (422, "reference-pattern")
    assert "C-####" in refused.get_json()["detail"]


def test_wrong_pattern_says_how_to_write_it(administrator: Program) -> None:
    refused = administrator.patch("/centre/settings", {"reference_pattern": "[0-9]+"})

    assert (refused.status_code, refused.get_json()["code"]) == (422, "bad-reference-pattern")
    assert "C-####" in refused.get_json()["detail"]


def test_physician_reads_and_changes_nothing(program: Callable[[Role], Program]) -> None:
    physician = program(Role.PHYSICIAN)

    assert physician.get("/centre/settings").status_code == 200
    assert physician.patch("/centre/settings", {"reference_pattern": ""}).status_code == 403


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("ko", "센터에서 정한 형식과 다릅니다. 형식: C-####(# 숫자, @ 영문자, ? 숫자 또는 영문자), 예: C-1234"),
        ("en", "does not keep to the centre's pattern C-#### (# a digit, @ a letter, ? either), for example C-1234"),
    ],
)
def test_page_of_a_referral_says_the_pattern(app: Flask, administrator: Program, language: str, words: str) -> None:
    administrator.patch("/centre/settings", {"reference_pattern": "C-####"})
    visitor = Visitor(app, language=language)
    visitor.log_in("coordinator@hospital.example")
    visitor.see("/cases/new")

    page = visitor.send("/cases/new", program=PROGRAM, asked=["reference"], reference="9")

    assert words in page.text
