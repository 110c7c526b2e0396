"""JSON files with a checked shape: each problem is named with its place."""

from __future__ import annotations

import pytest

from tumorboard.domain.errors import BadInput
from tumorboard.formats.checked_json import read_checked_json

SCHEMA = {
    "type": "object",
    "required": ["cases"],
    "properties": {"cases": {"type": "array", "items": {"properties": {"minutes": {"type": "integer", "minimum": 1}}}}},
}


def test_read_checked_json_gives_the_values() -> None:
    found = read_checked_json('﻿{"cases": [{"minutes": 5}]}'.encode(), SCHEMA, name="x.json")

    assert found == {"cases": [{"minutes": 5}]}


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ('{"cases": [{"minutes": -5}]}', "bad-value", "cases[0].minutes: must be bigger than or equal to 1, not -5"),
        ("{}", "bad-value", "the whole file: must contain ['cases'] properties, not {}"),
        ('{"cases": [}', "broken-json", "line 1 column 12"),
        ('{"cases": [], "cases": []}', "broken-json", "the key 'cases' stands twice"),
        ('{"cases": NaN}', "broken-json", "NaN is no JSON number"),
        ("[" * 200_000, "broken-json", "x.json: lists or objects are nested too deeply"),
        ('{"cases": 1e999}', "broken-json", "the number 1e999 is too large"),
        ('{"cases": ' + "9" * 6000 + "}", "broken-json", "is too large"),
        ('{"cases": ["\\ud800"]}', "broken-json", "half a character"),
    ],
)
def test_read_checked_json_says_where_and_what(text: str, code: str, words: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_checked_json(text.encode(), SCHEMA, name="x.json")

    assert caught.value.code == code
    assert words in str(caught.value)


def test_read_checked_json_refuses_what_is_not_utf_8() -> None:
    with pytest.raises(BadInput, match="not UTF-8"):
        read_checked_json(b'{"cases": "\xb0\xa1"}', SCHEMA, name="x.json")
