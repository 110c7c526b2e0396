"""What a request brings to log in with, beside cookies."""

from __future__ import annotations

from flask import request
from werkzeug.datastructures import Authorization


def read_authorization() -> Authorization | None:
    """The header `Authorization`; None without one, and for one that is not even ASCII (RFC 9110, 11.4)."""
    try:
        return request.authorization
    except ValueError:
        return None
