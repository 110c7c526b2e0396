"""JSON files whose shape is checked before anybody reads them: every problem says where it is and what to write."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

import fastjsonschema

from tumorboard.domain.errors import BadInput

LARGEST_BYTES = 64 * 1024 * 1024
MOST_DIGITS = 300
"""Of a whole number: more do not fit into a float, and a schema may want to compare them."""

_LONE_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def read_checked_json(content: bytes, schema: Mapping[str, Any], *, name: str) -> Any:
    """The values of a JSON text (UTF-8) that fits the JSON Schema (draft 7).

    Raises BadInput `too-large`, `broken-json` (with line) or `bad-value` (with the path of the value, as in
    `cases[3].duration`); `name` is what the message calls the file.
    """
    if len(content) > LARGEST_BYTES:
        raise BadInput(f"{name}: larger than {LARGEST_BYTES // 2**20} MiB; split it", code="too-large", file=name)
    try:
        text = content.decode("utf-8-sig")
        value = json.loads(
            text, object_pairs_hook=_unique_pairs, parse_constant=_no_constant, parse_int=_whole, parse_float=_decimal
        )
        if _LONE_SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeDecodeError:
        raise BadInput(f"{name}: not UTF-8; save it as UTF-8", code="broken-json", file=name) from None
    except UnicodeEncodeError:
        message = f"{name}: a text holds half a character (\\ud800 to \\udfff); write it whole"
        raise BadInput(message, code="broken-json", file=name) from None
    except RecursionError:
        raise BadInput(f"{name}: lists or objects are nested too deeply", code="broken-json", file=name) from None
    except ValueError as error:
        raise BadInput(f"{name}: no valid JSON: {error}", code="broken-json", file=name) from None
    try:
        fastjsonschema.compile(dict(schema), use_default=False)(value)
    except fastjsonschema.JsonSchemaValueException as problem:
        path = problem.name or "data"
        where = path.removeprefix("data").removeprefix(".") or "the whole file"
        rule = problem.message.removeprefix(path).strip()
        message = f"{name}, {where}: {rule}{_quote(problem.value)}"
        raise BadInput(message, code="bad-value", file=name, where=where) from None
    return value


def _quote(value: Any) -> str:
    """What stands there instead, where that is short."""
    text = json.dumps(value, ensure_ascii=False)
    return f", not {text}" if len(text) <= 40 else ""


def _unique_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for position, (key, _) in enumerate(pairs) if key in dict(pairs[:position]))
        raise ValueError(f"the key {twice!r} stands twice in one object")
    return found


def _whole(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise ValueError(f"the number {digits[:20]}… is too large")
    return int(digits)


def _decimal(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"the number {digits[:20]} is too large")
    return number


def _no_constant(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON number")
