"""`/healthz`: is the service up and its database reachable. No log-in, no data."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.wrappers import Response
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import ServiceUnavailable

from tumorboard.web.auth import database

door = Blueprint("health", __name__)


@door.get("/healthz")
def show_health() -> Response:
    """`{"status": "ok"}`, or the problem `unavailable` with status 503."""
    try:
        database().execute(text("SELECT 1"))
    except SQLAlchemyError:
        raise ServiceUnavailable from None
    return jsonify(status="ok")
