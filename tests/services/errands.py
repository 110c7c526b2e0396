"""What the tests let other processes do: functions that a fresh process can import."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from types import MappingProxyType

from tumorboard.domain.errors import BadInput


def add(one: int, other: int) -> int:
    return one + other


def say_pid() -> int:
    return os.getpid()


def sleep(seconds: float) -> str:
    time.sleep(seconds)
    return "slept"


def leave_pid_and_sleep(path: str, seconds: float) -> None:
    Path(path).write_text(str(os.getpid()))
    time.sleep(seconds)


def write_later(path: str, seconds: float) -> None:
    time.sleep(seconds)
    Path(path).write_text("written")


def take_memory(mebibytes: int) -> int:
    return len(bytearray(mebibytes * 1024 * 1024))


def refuse() -> None:
    raise BadInput("this is not possible", code="no-way", field="weeks")


def stumble() -> None:
    raise ValueError("a bug")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def mirror(values: MappingProxyType[str, int]) -> MappingProxyType[str, int]:
    return values
