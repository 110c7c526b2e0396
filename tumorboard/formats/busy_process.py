"""`read_busy` in a process of its own, with a limit of time and memory around the limits it keeps by itself.

For calendars that strangers upload or a server fetches: whatever a file does to the reader, the service goes on.
`python -m tumorboard.formats.busy_process` reads one line of JSON and the calendar from its standard input.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tumorboard.domain.errors import BadInput
from tumorboard.domain.timeline import Interval
from tumorboard.formats.busy import LIMITS, BusyLimits, BusyTimes, BusyWarning, read_busy

_SECONDS = 20.0
_MEMORY_BYTES = 1_500_000_000
_ENVIRONMENT = ("PYTHONTZPATH", "SYSTEMROOT", "TEMP", "TMP")
_PACKAGE = Path(__file__).resolve().parents[2]


def read_busy_apart(
    content: bytes,
    *,
    window: Interval,
    zone: ZoneInfo,
    owner: str | None = None,
    without_domain: str | None = None,
    without_periods: Sequence[Interval] = (),
    limits: BusyLimits = LIMITS,
    seconds: float = _SECONDS,
) -> BusyTimes:
    """As `read_busy`; raises BadInput `too-large` also for a file that takes too long or too much memory."""
    if len(content) > limits.content_bytes:
        return read_busy(content, window=window, zone=zone, owner=owner, limits=limits)
    request = {
        "start": window.start.isoformat(),
        "end": window.end.isoformat(),
        "zone": zone.key,
        "owner": owner,
        "without_domain": without_domain,
        "without_periods": [[span.start.isoformat(), span.end.isoformat()] for span in without_periods],
        "limits": asdict(limits),
    }
    kept = {name: value for name, value in os.environ.items() if name in _ENVIRONMENT}
    try:
        finished = subprocess.run(
            [sys.executable, "-m", "tumorboard.formats.busy_process"],
            input=json.dumps(request).encode() + b"\n" + content,
            capture_output=True,
            timeout=seconds,
            env={**kept, "PYTHONPATH": str(_PACKAGE)},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise BadInput(
            f"the calendar was not read within {seconds:g} seconds; export a shorter period", code="too-large"
        ) from None
    try:
        answer = json.loads(finished.stdout)
    except ValueError:
        raise BadInput("the calendar could not be read; export a shorter period", code="too-large") from None
    return _read_answer(answer)


def _read_answer(answer: dict[str, Any]) -> BusyTimes:
    if "code" in answer:
        raise BadInput(answer["message"], code=answer["code"], **answer["values"])
    busy, tentative = (_read_spans(answer[kind]) for kind in ("busy", "tentative"))
    warnings = tuple(BusyWarning(**warning) for warning in answer["warnings"])
    return BusyTimes(busy=busy, tentative=tentative, warnings=warnings)


def _read_spans(spans: Sequence[Sequence[str]]) -> tuple[Interval, ...]:
    return tuple(Interval(datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in spans)


def _answer(request: dict[str, Any], content: bytes) -> dict[str, object]:
    window = Interval(datetime.fromisoformat(request["start"]), datetime.fromisoformat(request["end"]))
    limits = BusyLimits(**request["limits"])
    try:
        times = read_busy(
            content, window=window, zone=ZoneInfo(request["zone"]), owner=request["owner"],
            without_domain=request["without_domain"], without_periods=_read_spans(request["without_periods"]),
            limits=limits,
        )  # fmt: skip
    except BadInput as error:
        return {"code": error.code, "message": str(error), "values": error.values}
    return {
        "busy": [[span.start.isoformat(), span.end.isoformat()] for span in times.busy],
        "tentative": [[span.start.isoformat(), span.end.isoformat()] for span in times.tentative],
        "warnings": [asdict(warning) for warning in times.warnings],
    }


def _limit_memory() -> None:
    """Where the operating system can; the counts of `BusyLimits` hold everywhere."""
    with suppress(ImportError, OSError, ValueError):
        import resource  # noqa: PLC0415 - is not there on Windows

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))


def main() -> None:
    """Answer the one request on standard input."""
    _limit_memory()
    request = json.loads(sys.stdin.buffer.readline())
    json.dump(_answer(request, sys.stdin.buffer.read()), sys.stdout)


if __name__ == "__main__":
    main()
