from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from tests.web.conftest import API, Program, log_in
from tumorboard.domain.errors import BadInput, BadTable, Conflict, DomainError, NotAllowed, NotFound
from tumorboard.services.access import Role
from tumorboard.web.problems import status_of


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFound("x"), 404),
        (NotFound("x", code="unknown-case"), 404),
        (NotAllowed("x"), 403),
        (NotAllowed("x", code="log-in-needed"), 401),
        (NotAllowed("x", code="wrong-log-in"), 401),
        (NotAllowed("x", code="unknown-token"), 401),
        (Conflict("x", code="double-booked"), 409),
        (Conflict("x", code="readers-busy"), 503),
        (BadInput("x"), 422),
        (BadTable("x"), 422),
        (BadTable("x", code="too-large"), 413),
        (DomainError("x"), 422),
    ],
)
def test_status_follows_from_the_kind_of_error(error: DomainError, status: int) -> None:
    assert status_of(error) == status


def test_unknown_address_is_a_problem(client: FlaskClient) -> None:
    response = client.get(f"{API}/nothing")

    assert response.status_code == 404
    assert response.content_type == "application/problem+json"
    assert response.get_json() == {
        "type": "/problems/not-found",
        "title": "Not Found",
        "status": 404,
        "detail": "there is nothing at this address",
        "code": "not-found",
    }


def test_unknown_page_is_a_page(client: FlaskClient) -> None:
    response = client.get("/nothing", headers={"Accept-Language": "en"})

    assert response.status_code == 404
    assert response.content_type == "text/html; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store"


def test_stranger_who_wants_a_page_is_sent_to_the_log_in(client: FlaskClient) -> None:
    response = client.get("/cases?state=ready")

    assert response.status_code == 303
    assert response.headers["Location"] == "/log-in?next=/cases?state%3Dready"


def test_wrong_method_says_which_are_taken(coordinator: Program) -> None:
    response = coordinator.delete("/boards")

    assert (response.status_code, response.get_json()["code"]) == (405, "method-not-allowed")
    assert sorted(response.headers["Allow"].split(", ")) == ["GET", "HEAD", "OPTIONS"]


def test_stranger_gets_401_before_the_body_is_looked_at(client: FlaskClient) -> None:
    response = client.post(f"{API}/cases", data=b"{", content_type="application/json")

    assert (response.status_code, response.get_json()["code"]) == (401, "log-in-needed")


def test_missing_permission_is_403(surgeon: Program) -> None:
    response = surgeon.get("/cases")

    assert (response.status_code, response.get_json()["code"]) == (403, "not-allowed")


def test_body_that_is_no_json_is_400(coordinator: Program) -> None:
    response = coordinator.post("/cases", data=b"{", content_type="application/json")

    assert (response.status_code, response.get_json()["code"]) == (400, "bad-request")


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"program": ' + b"9" * 5000 + b"}", b"\xff", b'"' + b"\xed\xa0\x80"]
)
def test_body_that_no_parser_takes_is_400(coordinator: Program, body: bytes) -> None:
    response = coordinator.post("/cases", data=body, content_type="application/json")

    assert (response.status_code, response.get_json()["code"]) == (400, "bad-request")


def test_body_of_another_type_is_415(coordinator: Program) -> None:
    response = coordinator.post("/cases", data="program=ovarian", content_type="application/x-www-form-urlencoded")

    assert (response.status_code, response.get_json()["code"]) == (415, "unsupported-media-type")


def test_wrong_fields_are_named_one_by_one(coordinator: Program) -> None:
    body = {"starts_at": "yesterday", "kind": "holiday", "reason": "none of your business"}

    response = coordinator.post("/people/aaaaaaaaaaaaaaaa/absences", body)

    assert (response.status_code, response.get_json()["code"]) == (422, "invalid-fields")
    assert sorted(response.get_json()["errors"], key=lambda error: error["field"]) == [
        {"in": "body", "field": "ends_at", "message": "Missing data for required field."},
        {"in": "body", "field": "kind", "message": "Must be one of: absence, busy."},
        {"in": "body", "field": "reason", "message": "Unknown field."},
        {"in": "body", "field": "starts_at", "message": "Not a valid datetime."},
    ]


def test_unknown_query_field_is_refused(coordinator: Program) -> None:
    response = coordinator.get("/cases?staet=ready")

    assert response.status_code == 422
    assert response.get_json()["errors"] == [{"in": "query", "field": "staet", "message": "Unknown field."}]


def test_refusal_of_a_service_names_its_field(coordinator: Program) -> None:
    response = coordinator.post("/cases", {"program": "ovarian", "fields": {"reference": "C-9", "figo_stage": "IX"}})

    body = response.get_json()
    assert (response.status_code, body["code"]) == (422, "impossible-stage")
    assert body["errors"] == [{"in": "body", "field": "figo_stage", "message": body["detail"]}]


def test_too_large_upload_is_413(furnished_app: Callable[..., Flask]) -> None:
    program = Program(furnished_app(UPLOAD_LIMIT_MB="1"), Role.COORDINATOR)
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="cases.csv"\r\n\r\n'
    body = head + b"y" * 2 * 1024 * 1024 + b"\r\n--x--\r\n"

    response = program.post("/cases/import?program=ovarian", data=body, content_type="multipart/form-data; boundary=x")

    assert (response.status_code, response.get_json()["code"]) == (413, "too-large")


def test_too_many_log_ins_are_429(client: FlaskClient) -> None:
    responses = [log_in(client, Role.COORDINATOR, "wrong password") for _ in range(11)]

    assert (responses[-1].status_code, responses[-1].get_json()["code"]) == (429, "too-many-requests")
    assert int(responses[-1].headers["Retry-After"]) <= 60


def test_accident_is_500_without_its_inside(coordinator: Program, break_database: Callable[[Exception], None]) -> None:
    break_database(RuntimeError("the secret inside"))

    response = coordinator.get("/rooms")

    assert response.status_code == 500
    assert response.get_json() == {
        "type": "/problems/internal-error",
        "title": "Internal Server Error",
        "status": 500,
        "detail": "something went wrong here; nothing was changed, and the operator finds it in the log",
        "code": "internal-error",
    }


def test_page_without_database_is_a_plain_500(client: FlaskClient, break_database: Callable[[Exception], None]) -> None:
    log_in(client, Role.COORDINATOR)
    break_database(RuntimeError("the secret inside"))

    response = client.get("/cases")

    assert (response.status_code, response.data) == (500, b"Internal Server Error\n")


def test_health_needs_no_log_in_and_tells_nothing(client: FlaskClient) -> None:
    response = client.get("/healthz")

    assert (response.status_code, response.get_json()) == (200, {"status": "ok"})


def test_health_is_503_without_database(client: FlaskClient, break_database: Callable[[Exception], None]) -> None:
    break_database(OperationalError("SELECT 1", {}, OSError("connection refused")))

    response = client.get("/healthz")

    assert (response.status_code, response.get_json()["code"]) == (503, "unavailable")
    assert "refused" not in response.get_data(as_text=True)


@pytest.mark.parametrize("path", [f"{API}/boards", f"{API}/nothing", "/healthz", f"{API}/openapi.json"])
def test_every_answer_has_the_security_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers

    assert {name: headers.get(name) for name in ("X-Content-Type-Options", "Referrer-Policy", "Cache-Control")} == {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
    assert headers["Content-Security-Policy"] == (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    )
    assert "Strict-Transport-Security" not in headers


def test_https_answers_ask_to_stay_on_https(client: FlaskClient) -> None:
    headers = client.get("/healthz", base_url="https://board.hospital.example").headers

    assert headers["Strict-Transport-Security"] == "max-age=31536000"
