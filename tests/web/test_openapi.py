"""The OpenAPI file is true: every operation is called with generated input, in-process, and its answers are checked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from datetime import time as clock
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from tests.builders import BOARD, OPERATOR, PASSWORD, PROGRAM, SURGEON, case_id, member_id
from tests.formats.calendars import a_calendar
from tests.web.conftest import API
from tumorboard.services import busy, feeds, people, planning, specialty_groups, weekly_hours
from tumorboard.services.access import Role
from tumorboard.services.accounts import create_account, create_token
from tumorboard.store.db import db

CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
EXAMPLES = 5


def document(client: FlaskClient) -> dict[str, Any]:
    return dict(client.get(f"{API}/openapi.json").get_json())


def operations(spec: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every operation by method and path."""
    return {
        f"{method} {path}": operation
        for path, methods in spec["paths"].items()
        for method, operation in methods.items()
        if method in ("get", "post", "put", "patch", "delete")
    }


def test_file_is_openapi_3_1_and_needs_no_log_in(client: FlaskClient) -> None:
    response = client.get(f"{API}/openapi.json")

    assert response.status_code == 200
    assert response.get_json()["openapi"] == "3.1.0"


def test_every_operation_is_described(client: FlaskClient) -> None:
    for name, operation in operations(document(client)).items():
        assert operation["summary"], name
        assert operation["operationId"], name


def test_operation_ids_are_unique(client: FlaskClient) -> None:
    ids = [operation["operationId"] for operation in operations(document(client)).values()]

    assert sorted(ids) == sorted(set(ids))


def test_every_error_is_a_problem_document(client: FlaskClient) -> None:
    spec = document(client)

    for name, operation in operations(spec).items():
        for status, answer in operation["responses"].items():
            if status == "default" or int(status) >= 400:
                reference = answer["$ref"].removeprefix("#/components/responses/")
                assert list(spec["components"]["responses"][reference]["content"]) == ["application/problem+json"], name


def test_log_in_is_the_only_public_noun(client: FlaskClient) -> None:
    spec = document(client)

    public = {name for name, operation in operations(spec).items() if operation.get("security") == []}
    assert public == {f"{method} {API}/session" for method in ("get", "post", "delete")}
    assert spec["security"] == [{"bearer": []}, {"cookie": []}]


def test_stranger_may_call_nothing_else(app: Flask) -> None:
    client = app.test_client()
    open_paths = {"/healthz", f"{API}/openapi.json", f"{API}/session"}

    statuses = {}
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(API) and rule.rule not in open_paths:
            path = rule.rule
            for argument in rule.arguments:
                path = path.replace(f"<public_id:{argument}>", "a" * 16).replace(f"<key:{argument}>", "x")
            for method in rule.methods or ():
                if method not in ("OPTIONS", "HEAD"):
                    statuses[f"{method} {path}"] = client.open(path, method=method).status_code

    assert len(statuses) > 35
    assert set(statuses.values()) == {401}


@pytest.fixture
def headers(app: Flask) -> dict[str, str]:
    """The token of an account with every role."""
    now = datetime.now(UTC)
    with app.app_context():
        create_account(
            db.session(), email="all@hospital.example", name="All", password=PASSWORD, roles=[*Role], by=OPERATOR,
            now=now,
        )  # fmt: skip
        token = create_token(db.session(), email="all@hospital.example", label="test", by=OPERATOR, now=now)
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def existing(app: Flask) -> dict[str, str]:
    """What path parameters can be, so that operations get further than 404."""
    now, setup = datetime.now(UTC), app.extensions["tumorboard"]
    with app.app_context():
        session = db.session()
        member = member_id(session, SURGEON)
        feeds.rotate_feed(session, setup, scope="board", subject=BOARD, by=OPERATOR, now=now)
        draft = planning.propose(session, setup, board=BOARD, weeks=2, by=OPERATOR, now=now)
        absence, _ = people.add_absence(
            session, member_id=member, starts_at=now + timedelta(days=90), ends_at=now + timedelta(days=91),
            kind="absence", by=OPERATOR, now=now,
        )  # fmt: skip
        return {
            "absence_id": absence.public_id,
            "board": BOARD,
            "case_id": case_id(session, "C-2"),
            "day": "2031-05-04",
            "department": "urology",
            "draft_id": draft.public_id,
            "group_id": specialty_groups.save_group(
                session, board=BOARD, name="Liver", specialties=["urology"], by=OPERATOR, now=now
            ).public_id,
            "hours_id": weekly_hours.add_hours(
                session,
                setup,
                member_id=member,
                by=OPERATOR,
                now=now,
                hours=weekly_hours.Hours("busy", frozenset({6}), clock(9), clock(10), now.date()),
            )[0][0].public_id,
            "meeting_id": draft.plan["proposal"]["meetings"][0]["meeting"],
            "member_id": member,
            "program_id": PROGRAM,
            "room": "room-a",
            "scope": "board",
            "series": "1",
            "source_id": busy.upload_busy(
                session, setup, member_id=member, content=a_calendar(), by=OPERATOR, now=now
            ).source_id,
            "specialty": "urology",
            "subject": BOARD,
        }


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_answers_are_as_the_file_says(
    app: Flask, headers: dict[str, str], existing: dict[str, str], mode: GenerationMode, known: bool
) -> None:
    """`known` puts existing ids and keys into the addresses; input that is wrong as generated must be refused."""
    schema = schemathesis.openapi.from_wsgi(f"{API}/openapi.json", app)
    checks = CHECKS if mode.is_positive or known else (*CHECKS, negative_data_rejection)
    called = set()
    for result in schema.get_all_operations():
        operation = result.ok()

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def call(case: schemathesis.Case) -> None:
            if known:
                replaced = {name: existing[name] for name in case.path_parameters or {} if name in existing}
                case.path_parameters = {**(case.path_parameters or {}), **replaced}
            response = case.call(headers=headers)
            case.validate_response(response, checks=checks)
            called.add(case.operation.label)

        if mode.is_positive or operation.query or operation.body:
            call()

    assert len(called) >= (40 if mode.is_positive else 15)
