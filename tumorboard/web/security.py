"""Headers on every response that tell browsers what they must not do."""

from __future__ import annotations

from flask import Flask, current_app, request
from flask.wrappers import Response

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "object-src 'none'",
    )
)
"""No inline script or style, nothing from elsewhere."""

_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Content-Type-Options": "nosniff",
}


def register_security(app: Flask) -> None:
    """Add the headers to every response, errors included."""
    app.after_request(_add_headers)


def _add_headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers[name] = value
    # Under https the CSRF check compares the Referer, so pages send it to this site, and to no other.
    is_feed = request.path.startswith("/feeds/")
    response.headers["Referrer-Policy"] = "no-referrer" if is_feed else "same-origin"
    if not is_feed and not request.path.startswith("/static/"):
        response.headers["Cache-Control"] = "no-store"
    if request.is_secure or current_app.config["PREFERRED_URL_SCHEME"] == "https":
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response
