"""DOOR: the JSON API under /api/v1. Each module translates one noun; permissions are asked by the services."""

from __future__ import annotations

from flask import Flask

from tumorboard.web.api import (
    absences,
    accounts,
    addresses,
    answers,
    board_settings,
    boards,
    busy,
    cases,
    centre,
    centre_edits,
    centre_settings,
    discussions,
    drafts,
    feeds,
    findings,
    health,
    meetings,
    my_parts,
    open_needs,
    operation,
    plan_changes,
    preferences,
    programs,
    reports,
    runs,
    session,
    slots,
    specialty_groups,
    urgent,
    what_if,
)
from tumorboard.web.api.door import KeyConverter, PublicIdConverter, describe_converter
from tumorboard.web.problems import ProblemApi

DESCRIPTION = """\
Schedules multidisciplinary tumor boards.

Programs send `Authorization: Bearer TOKEN`. Browsers log in at `/api/v1/session`, keep the cookie, and send the
`csrf_token` they got there as `X-CSRFToken` with every change. All instants are UTC; times of day are in the zone named
beside them. Errors are problem details (RFC 9457) with a stable `code`.
"""


def register_api(app: Flask) -> None:
    """Register every noun and the OpenAPI file."""
    app.url_map.converters.update(public_id=PublicIdConverter, key=KeyConverter)
    cookie = app.config["SESSION_COOKIE_NAME"]
    api = ProblemApi(
        app,
        spec_kwargs={
            "info": {"description": DESCRIPTION},
            "servers": [{"url": "/"}],
            "components": {
                "securitySchemes": {
                    "bearer": {"type": "http", "scheme": "bearer"},
                    "cookie": {"type": "apiKey", "in": "cookie", "name": cookie},
                }
            },
            "security": [{"bearer": []}, {"cookie": []}],
        },
    )
    for converter in (PublicIdConverter, KeyConverter):
        api.register_converter(converter, describe_converter)
    for module in (
        absences,
        answers,
        session,
        cases,
        programs,
        boards,
        meetings,
        drafts,
        plan_changes,
        specialty_groups,
        runs,
        centre,
        feeds,
        operation,
        findings,
        board_settings,
        what_if,
        urgent,
        slots,
        open_needs,
        addresses,
        preferences,
        centre_settings,
        busy,
        discussions,
        reports,
        accounts,
        centre_edits,
        my_parts,
    ):
        api.register_blueprint(module.door)
    app.register_blueprint(health.door)
