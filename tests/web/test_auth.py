from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from tests.builders import PASSWORD
from tests.web.conftest import API, Program, log_in
from tumorboard.services.access import Role
from tumorboard.services.accounts import set_language
from tumorboard.store.db import db
from tumorboard.store.people import Account, ApiToken
from tumorboard.web import auth


def who(client: FlaskClient) -> str | None:
    account = client.get(f"{API}/session").get_json()["account"]
    return account["email"] if account else None


def csrf(client: FlaskClient) -> dict[str, str]:
    return {"X-CSRFToken": client.get(f"{API}/session").get_json()["csrf_token"]}


def test_stranger_has_no_account(client: FlaskClient) -> None:
    assert who(client) is None


def test_log_in_begins_a_session(client: FlaskClient) -> None:
    response = log_in(client, Role.COORDINATOR)

    assert response.status_code == 200
    assert response.get_json()["account"]["roles"] == ["coordinator"]
    assert who(client) == "coordinator@hospital.example"


@pytest.mark.parametrize("email", ["coordinator@hospital.example", "nobody@hospital.example"])
def test_wrong_log_in_says_the_same_for_every_pair(client: FlaskClient, email: str) -> None:
    body = {"email": email, "password": "wrong password"}

    response = client.post(f"{API}/session", json=body, headers=csrf(client))

    assert (response.status_code, response.get_json()["code"]) == (401, "wrong-log-in")
    assert response.get_json()["detail"] == "the e-mail address or the password is wrong"


def test_log_in_renews_the_session(client: FlaskClient) -> None:
    before = csrf(client)["X-CSRFToken"]
    with client.session_transaction() as session:
        session["planted"] = "by somebody else"

    log_in(client, Role.COORDINATOR)

    with client.session_transaction() as session:
        kept = dict(session)
    assert "planted" not in kept
    refused = client.post(f"{API}/feeds", json={"scope": "member"}, headers={"X-CSRFToken": before})
    assert (refused.status_code, refused.get_json()["code"]) == (400, "csrf")


def test_session_ends_after_its_hours_however_busy(client: FlaskClient) -> None:
    log_in(client, Role.COORDINATOR)
    with client.session_transaction() as session:
        session["logged_in_at"] -= int(timedelta(hours=12, seconds=1).total_seconds())

    response = client.get(f"{API}/cases")

    assert response.status_code == 401


def test_log_out_ends_every_session_of_the_account(app: Flask) -> None:
    here, elsewhere = app.test_client(), app.test_client()
    log_in(here, Role.PHYSICIAN)
    log_in(elsewhere, Role.PHYSICIAN)

    response = here.delete(f"{API}/session", headers=csrf(here))

    assert response.status_code == 204
    assert (who(here), who(elsewhere)) == (None, None)


def test_closed_account_is_logged_out_at_once(app: Flask, client: FlaskClient) -> None:
    log_in(client, Role.COORDINATOR)
    with app.app_context():
        db.session.execute(update(Account).values(active=False))
        db.session.commit()

    assert who(client) is None


def test_session_cookie_is_out_of_reach_for_scripts_and_other_sites(client: FlaskClient) -> None:
    cookie = log_in(client, Role.COORDINATOR).headers["Set-Cookie"]

    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}


def test_change_with_a_session_needs_the_csrf_token(client: FlaskClient) -> None:
    log_in(client, Role.COORDINATOR)

    refused = client.post(f"{API}/feeds", json={"scope": "board", "subject": "ovarian-weekly"})
    allowed = client.post(f"{API}/feeds", json={"scope": "board", "subject": "ovarian-weekly"}, headers=csrf(client))

    assert (refused.status_code, refused.get_json()["code"]) == (400, "csrf")
    assert allowed.status_code == 201


def test_log_in_itself_needs_the_csrf_token(client: FlaskClient) -> None:
    body = {"email": "coordinator@hospital.example", "password": PASSWORD}

    response = client.post(f"{API}/session", json=body)

    assert (response.status_code, response.get_json()["code"]) == (400, "csrf")
    assert who(client) is None


def test_log_in_is_limited_to_ten_a_minute(client: FlaskClient) -> None:
    headers = csrf(client)
    body = {"email": "coordinator@hospital.example", "password": "wrong password"}

    statuses = [client.post(f"{API}/session", json=body, headers=headers).status_code for _ in range(11)]

    assert statuses == [401] * 10 + [429]


def test_right_passwords_of_a_ward_behind_one_address_are_not_counted(app: Flask) -> None:
    for _ in range(12):
        browser = app.test_client()
        body = {"email": "coordinator@hospital.example", "password": PASSWORD}
        assert browser.post(f"{API}/session", json=body, headers=csrf(browser)).status_code < 300


def test_token_speaks_for_its_account(coordinator: Program) -> None:
    response = coordinator.get("/session")

    assert response.get_json()["account"]["email"] == "coordinator@hospital.example"
    assert ["Set-Cookie" in answer.headers for answer in (response, coordinator.get("/cases"))] == [False, False]


def _revoke(app: Flask, **values: Any) -> None:
    with app.app_context():
        db.session.execute(update(ApiToken).values(**values))
        db.session.commit()


def test_revoked_token_is_refused(app: Flask, coordinator: Program) -> None:
    _revoke(app, revoked_at=datetime.now(UTC))

    response = coordinator.get("/cases")

    assert (response.status_code, response.get_json()["code"]) == (401, "unknown-token")
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="tumorboard"'


def test_ended_token_is_refused(app: Flask, coordinator: Program) -> None:
    _revoke(app, expires_at=datetime.now(UTC) - timedelta(seconds=1))

    assert coordinator.get("/cases").status_code == 401


def test_wrong_token_is_refused_although_the_browser_is_logged_in(client: FlaskClient) -> None:
    log_in(client, Role.COORDINATOR)

    response = client.get(f"{API}/cases", headers={"Authorization": "Bearer tb_wrong"})

    assert response.status_code == 401


def test_token_opens_no_page(app: Flask, coordinator: Program) -> None:
    with app.test_request_context("/cases", headers=coordinator.headers):
        assert auth.current_account() is None


@pytest.mark.parametrize(
    ("headers", "query", "language"),
    [
        ({}, "", "ko"),
        ({"Accept-Language": "en-GB,en;q=0.9,ko;q=0.1"}, "", "en"),
        ({"Accept-Language": "fr"}, "", "ko"),
        ({"Accept-Language": "ko", "Cookie": "language=en"}, "", "en"),
        ({"Accept-Language": "ko"}, "?lang=en", "en"),
    ],
)
def test_language_of_a_stranger(app: Flask, headers: dict[str, str], query: str, language: str) -> None:
    with app.test_request_context(f"/{query}", headers=headers):
        assert auth.current_language() == language


def test_language_of_an_account_comes_first(app: Flask, client: FlaskClient) -> None:
    log_in(client, Role.COORDINATOR)
    with app.test_request_context():
        account = db.session.query(Account).filter_by(email="coordinator@hospital.example").one()
        set_language(db.session(), language="en", by=auth.accounts.account_actor(account))

    response = client.get(f"{API}/session", headers={"Accept-Language": "ko"})

    assert response.get_json()["account"]["language"] == "en"


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        ("/boards/x?week=2", "/boards/x?week=2"),
        ("", "/"),
        ("https://elsewhere.example/", "/"),
        ("//elsewhere.example/", "/"),
        ("/\\elsewhere.example/", "/"),
        ("/\nx", "/"),
    ],
)
def test_next_path_stays_on_this_site(app: Flask, wanted: str, path: str) -> None:
    with app.test_request_context("/log-in", query_string={"next": wanted}):
        assert auth.next_path() == path


def test_https_cookie_is_bound_to_the_host(furnished_app: Any) -> None:
    client = furnished_app(BASE_URL="https://board.hospital.example").test_client()

    cookie = client.get(f"{API}/session", base_url="https://board.hospital.example").headers["Set-Cookie"]

    assert cookie.startswith("__Host-tumorboard=")
    assert {"Secure", "HttpOnly", "Path=/"} <= {part.strip() for part in cookie.split(";")}


def test_form_over_https_passes_with_the_referer_our_policy_sends(furnished_app: Any) -> None:
    site = "https://board.hospital.example"
    client = furnished_app(BASE_URL=site).test_client()
    page = client.get(f"{API}/session", base_url=site)
    headers = {"X-CSRFToken": page.get_json()["csrf_token"], "Referer": f"{site}/log-in"}
    body = {"email": "coordinator@hospital.example", "password": PASSWORD}

    response = client.post(f"{API}/session", json=body, headers=headers, base_url=site)

    assert page.headers["Referrer-Policy"] == "same-origin"
    assert response.status_code == 200


@pytest.mark.parametrize(("path", "status"), [("/", 303), ("/log-in", 200), (f"{API}/cases", 401), ("/caldav/", 401)])
@pytest.mark.parametrize("header", ["Basic \xff!!", "Basic \xff", "Bearer \xff", "Basic", "\xff"])
def test_header_that_is_no_text_is_no_log_in_and_no_accident(
    client: FlaskClient, path: str, status: int, header: str
) -> None:
    answer = client.get(path, headers={"Accept-Language": "en"}, environ_overrides={"HTTP_AUTHORIZATION": header})

    assert answer.status_code == status
