"""Errors as RFC 9457 problem details; as a page for people, and as plain text for calendar programs."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any, cast

from flask import Flask, current_app, jsonify, request
from flask.wrappers import Response
from flask_smorest import Api
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from tumorboard.domain.errors import Conflict, DomainError, NotAllowed, NotFound
from tumorboard.domain.identity import without_resident_number
from tumorboard.domain.model import Reason
from tumorboard.web.auth import database
from tumorboard.web.calendar_paths import is_for_calendars
from tumorboard.web.schemas.base import ProblemSchema

PROBLEM_TYPE = "application/problem+json"
LOG_IN_CODES = frozenset({"log-in-needed", "wrong-log-in", "unknown-token"})

_STATUS: Mapping[type[DomainError], int] = {NotFound: 404, NotAllowed: 403, Conflict: 409, DomainError: 422}
_STATUS_OF_CODE = {
    "too-large": 413, "planner-busy": 503, "planner-too-slow": 503, "what-if-too-slow": 503,
    "planner-failed": 500, "readers-busy": 503,
    **dict.fromkeys(LOG_IN_CODES, 401),
}  # fmt: skip
_HTTP_CODES: Mapping[int, tuple[str, str]] = {
    400: ("bad-request", "the request cannot be read; look at its syntax"),
    401: ("log-in-needed", "log in first"),
    403: ("not-allowed", "this is not allowed"),
    404: ("not-found", "there is nothing at this address"),
    405: ("method-not-allowed", "this address does not take this method"),
    406: ("not-acceptable", "this cannot be given in the form asked for"),
    413: ("too-large", "this is too large; the operator sets TUMORBOARD_UPLOAD_LIMIT_MB"),
    415: ("unsupported-media-type", "send the body as application/json, a file as multipart/form-data"),
    422: ("invalid-fields", "some fields are missing, unknown or wrong; see errors"),
    429: ("too-many-requests", "too many tries; wait a minute"),
    500: ("internal-error", "something went wrong here; nothing was changed, and the operator finds it in the log"),
    503: ("unavailable", "the service cannot reach its database; try again in a moment"),
}
PageRenderer = Callable[[int, str, str], AnyResponse]
"""Status, code and message to the page that says it."""

_CSRF = ("csrf", "this form has ended; load the page again (over the API: send its csrf_token as X-CSRFToken)")
_PLACES = {"json": "body", "query": "query", "files": "file", "form": "body"}


def problem(
    status: int, code: str, detail: str, *, errors: Iterable[Mapping[str, str]] = (), **more: object
) -> Response:
    """A problem document: type, title, status, detail, code, and errors by field where there are any."""
    body: dict[str, object] = {
        "type": f"/problems/{code}", "title": HTTPStatus(status).phrase, "status": status, "detail": detail,
        "code": code, **more,
    }  # fmt: skip
    found = list(errors)
    if found:
        body["errors"] = found
    response = jsonify(body)
    response.status_code = status
    response.content_type = PROBLEM_TYPE
    return response


def is_for_programs() -> bool:
    """True when the request wants problem documents instead of pages."""
    return request.path.startswith("/api/") or request.path in ("/api", "/healthz")


def status_of(error: DomainError) -> int:
    """The HTTP status of a domain error."""
    if error.code in _STATUS_OF_CODE:
        return _STATUS_OF_CODE[error.code]
    return next(_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)


def handle_domain_error(error: DomainError) -> AnyResponse:
    """A refusal of a service in the form the door speaks; pages send a stranger to the log-in."""
    status = status_of(error)
    if is_for_calendars(request.path):
        return _plain(status)
    if not is_for_programs():
        return _page(status, error.code, str(error))
    field, reasons = error.values.get("field"), error.values.get("reasons")
    errors = [{"in": "body", "field": str(field), "message": str(error)}] if field else []
    more: dict[str, object] = {"reasons": [_say(reason) for reason in reasons]} if isinstance(reasons, Iterable) else {}
    if "run" in error.values:
        more["run"] = error.values["run"]
    response = problem(status, error.code, str(error), errors=errors, **more)
    if "retry_after_seconds" in error.values:
        response.headers["Retry-After"] = str(error.values["retry_after_seconds"])
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Bearer realm="tumorboard"'
    return response


def handle_http_error(error: HTTPException) -> AnyResponse:
    """Every error of Flask, Werkzeug and the argument parser, and InternalServerError for what nobody caught."""
    status = error.code or 500
    if status < HTTPStatus.BAD_REQUEST or error.response is not None:
        return AnyResponse.force_type(error.get_response(), request.environ)
    code, detail = _HTTP_CODES.get(status, ("http-error", HTTPStatus(status).phrase))
    if isinstance(error, CSRFError):
        code, detail = _CSRF
    if is_for_calendars(request.path):
        response: AnyResponse = _plain(status)
    elif is_for_programs():
        response = problem(status, code, detail, errors=_field_errors(error))
    else:
        response = _page(status, code, detail)
    for name, value in error.get_headers():
        if name.lower() != "content-type":
            response.headers[name] = value
    return response


def register_problems(app: Flask, render_page: PageRenderer) -> None:
    """Answer domain errors; `render_page` makes the page of an error for people."""
    app.extensions["tumorboard.render_problem"] = render_page
    app.register_error_handler(DomainError, handle_domain_error)


class ProblemApi(Api):
    """flask-smorest's Api with problem documents for every error, in answers and in the OpenAPI file."""

    ERROR_SCHEMA = ProblemSchema

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._descriptions: deque[Callable[[], None]] = deque()
        self._describing = threading.Lock()
        super().__init__(*args, **kwargs)

    def describe_later(self, describe: Callable[[], None]) -> None:
        """Write a part of the OpenAPI file when somebody asks for it: that takes longer than all else of a start."""
        self._descriptions.append(describe)

    def _openapi_json(self) -> Response:
        with self._describing:
            while self._descriptions:
                self._descriptions.popleft()()
        return cast("Response", super()._openapi_json())

    def handle_http_exception(self, error: HTTPException) -> AnyResponse:
        """flask-smorest registers this for the whole application."""
        return handle_http_error(error)

    def _register_responses(self) -> None:
        """The error responses of the OpenAPI file, by the name of their status."""
        for status in HTTPStatus:
            self._register_response(status.name, status.phrase)
        self._register_response(self.DEFAULT_ERROR_RESPONSE_NAME, "Any other error")

    def _register_response(self, name: str, description: str) -> None:
        content = {PROBLEM_TYPE: {"schema": ProblemSchema}}
        self.spec.components.response(name, {"description": description, "content": content}, lazy=True)


def _say(reason: Any) -> dict[str, object]:
    return {"code": reason.code, "values": dict(reason.values)} if isinstance(reason, Reason) else {"code": str(reason)}


def _plain(status: int) -> Response:
    response = Response(f"{HTTPStatus(status).phrase}\n", status=status, mimetype="text/plain")
    response.headers["Cache-Control"] = "no-store"
    return response


def _page(status: int, code: str, message: str) -> AnyResponse:
    render = cast("PageRenderer", current_app.extensions["tumorboard.render_problem"])
    if status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return render(status, code, message)
    try:
        database().rollback()
        return render(status, code, message)
    except Exception:
        current_app.logger.exception("the page of an error failed too")
        return _plain(status)


def _field_errors(error: HTTPException) -> Iterator[dict[str, str]]:
    """What webargs and marshmallow say, as one line per field with the place it stands in."""
    messages = (getattr(error, "data", None) or {}).get("messages", {})
    for place, found in messages.items():
        for path, message in _flatten(found):
            field, said = without_resident_number(path), without_resident_number(message)
            yield {"in": _PLACES.get(place, place), "field": field, "message": said}


def _flatten(found: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(found, Mapping):
        for key, value in found.items():
            part = "" if key in ("_schema", "value") else str(key)
            yield from _flatten(value, f"{path}.{part}".strip(".") if part else path)
    elif isinstance(found, list):
        for entry in found:
            yield from _flatten(entry, path)
    else:
        yield path, str(found)
