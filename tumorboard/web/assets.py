"""Style sheets and scripts are sent without their comments and white space; the files stay as they were written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from flask import Flask, Response, request
from rcssmin import cssmin
from rjsmin import jsmin
from werkzeug.http import generate_etag

_SHORTEN: dict[str, Callable[[str], str]] = {".css": cssmin, ".js": jsmin}
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}


def register_assets(app: Flask) -> None:
    """Serve what is in the static folder: shortened once, when the service starts; as it is while debugging."""
    if app.debug or app.static_folder is None:
        return
    short = {path.name: _shorten(path) for path in Path(app.static_folder).iterdir() if path.suffix in _SHORTEN}
    send_whole = app.send_static_file

    def send(filename: str) -> Response:
        if filename not in short:
            return send_whole(filename)
        content_type, content, tag = short[filename]
        answer = Response(content, content_type=content_type)
        answer.set_etag(tag)
        answer.cache_control.no_cache = True
        answer.make_conditional(request)
        return answer

    app.view_functions["static"] = send


def _shorten(path: Path) -> tuple[str, bytes, str]:
    content = _SHORTEN[path.suffix](path.read_text(encoding="utf-8")).encode()
    return _TYPES[path.suffix], content, generate_etag(content)
