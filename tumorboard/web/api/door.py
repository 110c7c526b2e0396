"""A blueprint whose operations need a log-in, take strict arguments and document their errors."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from flask import Request
from flask_smorest import Blueprint
from marshmallow import RAISE
from webargs import core
from webargs.flaskparser import FlaskParser, is_json_request
from werkzeug.exceptions import BadRequest, UnsupportedMediaType
from werkzeug.routing import BaseConverter

from tumorboard.web.auth import current_actor
from tumorboard.web.problems import ProblemApi

PREFIX = "/api/v1"


class PublicIdConverter(BaseConverter):
    """The id in an address; anything else is nothing we have."""

    regex = "[a-z2-7]{16}"
    pattern = "^[a-z2-7]{16}$"


class KeyConverter(BaseConverter):
    """The key of a board, programme, specialty …"""

    regex = r"[^/\x00-\x1f\x7f]{1,64}"
    pattern = r"^[^/\x00-\x1f\x7f]{1,64}$"


def describe_converter(converter: PublicIdConverter | KeyConverter) -> dict[str, str]:
    """The schema of a path parameter for the OpenAPI file."""
    return {"type": "string", "pattern": converter.pattern}


class StrictParser(FlaskParser):
    """Refuses unknown fields everywhere, and bodies that do not say that they are JSON."""

    DEFAULT_UNKNOWN_BY_LOCATION = {
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": RAISE, "files": RAISE, "form": RAISE,
    }  # fmt: skip

    def _raw_load_json(self, req: Request) -> Any:
        if not is_json_request(req):
            if req.get_data(cache=True):
                raise UnsupportedMediaType
            return core.missing
        try:
            return core.parse_json(req.get_data(cache=True))
        except (json.JSONDecodeError, UnicodeDecodeError):
            raise  # webargs makes the refusal
        except (RecursionError, ValueError) as error:  # brackets within brackets without end, a number of 5000 digits
            raise BadRequest from error


class Door(Blueprint):
    """One noun of the API. Strangers are refused before anything is read, unless the door is `public`."""

    ARGUMENTS_PARSER = StrictParser()

    def __init__(self, name: str, *, description: str, public: bool = False) -> None:
        super().__init__(name, __name__, url_prefix=PREFIX, description=description)
        self.public = public
        self._prepare_doc_cbks.append(self._prepare_errors_doc)
        if not public:
            self.before_request(_refuse_strangers)

    def add_url_rule(
        self, rule: str, endpoint: str | None = None, view_func: Any = None, *args: Any, **kw: Any
    ) -> None:
        """As flask-smorest, with the function's name as the operation's id."""
        if view_func is not None and hasattr(view_func, "_apidoc"):
            view_func._apidoc.setdefault("manual_doc", {})["operationId"] = view_func.__name__
        super().add_url_rule(rule, endpoint, view_func, *args, **kw)

    def register_views_in_doc(self, api: ProblemApi, *args: Any, **kwargs: Any) -> None:
        """As flask-smorest, but when the OpenAPI file is asked for."""
        api.describe_later(partial(super().register_views_in_doc, api, *args, **kwargs))

    def _prepare_errors_doc(self, doc: dict[str, Any], _: Any, *, method: str, **__: Any) -> dict[str, Any]:
        names = {} if self.public else {401: "UNAUTHORIZED", 403: "FORBIDDEN", 404: "NOT_FOUND"}
        if method in ("post", "put", "patch", "delete"):
            names |= {400: "BAD_REQUEST", 409: "CONFLICT", 415: "UNSUPPORTED_MEDIA_TYPE", 422: "UNPROCESSABLE_ENTITY"}
        responses = doc.setdefault("responses", {})
        for status, name in names.items():
            responses.setdefault(status, name)
        if self.public:
            doc["security"] = []
        return doc


def _refuse_strangers() -> None:
    current_actor()
