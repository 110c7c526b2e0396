"""Schedules multidisciplinary tumor boards. Start reading at docs/architecture.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

__version__ = "0.1.0"


def create_app(config: object) -> Flask:
    """Build the Flask application; imported late so that the domain stays free of Flask."""
    from tumorboard.app import build_app  # noqa: PLC0415 - the domain must load without Flask

    return build_app(config)
