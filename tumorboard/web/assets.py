"""Style sheets, scripts and templates are sent without their comments and white space; the files stay as written."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from flask import Flask, Response, request
from jinja2.ext import Extension
from rcssmin import cssmin
from rjsmin import jsmin
from werkzeug.http import generate_etag

_SHORTEN: dict[str, Callable[[str], str]] = {".css": cssmin, ".js": jsmin}
_INDENT = re.compile(r"(?<![%#]}\n)^[ \t]+", re.MULTILINE)
_AFTER_TAG = re.compile(r"(?<=[%#]}\n)[ \t]+")
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}


class WithoutIndents(Extension):
    """Templates without the white space in front of their lines, a fifth of a long page. No template holds text in
    which it counts; values and the numbers of lines stay as they are. Where a tag ends a line, its line break is not
    sent (`trim_blocks`), and one space of the indent is left to part the words."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """The source as it is compiled."""
        return _AFTER_TAG.sub(" ", _INDENT.sub("", source))


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
