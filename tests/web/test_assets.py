"""Style sheets and scripts as they are sent."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import Environment

from tumorboard.web.assets import WithoutIndents

TEMPLATES = Path(__file__).resolve().parents[2] / "tumorboard" / "web" / "templates"
STATIC = Path(__file__).resolve().parents[2] / "tumorboard" / "web" / "static"
SHORT = sorted(path.name for path in STATIC.iterdir() if path.suffix in {".css", ".js"})


@pytest.mark.parametrize("name", SHORT)
def test_file_is_sent_without_comments_and_is_known_by_its_tag(app: Flask, name: str) -> None:
    client = app.test_client()

    sent = client.get(f"/static/{name}")
    again = client.get(f"/static/{name}", headers={"If-None-Match": sent.headers["ETag"]})

    written = (STATIC / name).read_bytes()
    assert (sent.status_code, again.status_code, again.data) == (200, 304, b"")
    assert (len(sent.data) < 0.9 * len(written), b"/*" in sent.data, b"\n//" in sent.data) == (True, False, False)
    assert sent.content_type == f"text/{'css' if name.endswith('.css') else 'javascript'}; charset=utf-8"


def test_style_sheet_keeps_every_property(app: Flask) -> None:
    sent = app.test_client().get("/static/app.css").text

    names = {line.split(":")[0].strip() for line in (STATIC / "app.css").read_text().splitlines() if "  --" in line}
    assert [name for name in sorted(names) if f"{name}:" not in sent] == []


def test_other_files_are_sent_whole_and_nothing_else_is(app: Flask) -> None:
    client = app.test_client()

    with client.get("/static/icon.svg") as icon:
        assert icon.data == (STATIC / "icon.svg").read_bytes()
    assert [client.get(f"/static/{name}").status_code for name in ("none.css", "../assets.py", "%2e%2e/assets.py")] == [
        404, 404, 404,
    ]  # fmt: skip


@pytest.mark.parametrize("path", sorted(TEMPLATES.iterdir()), ids=lambda path: path.name)
def test_template_without_indents_says_the_same_words(path: Path) -> None:
    environment = Environment(trim_blocks=True, lstrip_blocks=True, autoescape=True)
    written = path.read_text(encoding="utf-8")

    short = WithoutIndents(environment).preprocess(written, path.name)

    assert pieces_of(environment, short) == pieces_of(environment, written)
    assert (short.count("\n"), len(short) <= len(written)) == (written.count("\n"), True)


def pieces_of(environment: Environment, source: str) -> list[tuple[str, str]]:
    """Tags, values and texts, where any white space is as good as any other."""
    return [(kind, re.sub(r"\s+", " ", piece)) for _, kind, piece in environment.lex(source)]
