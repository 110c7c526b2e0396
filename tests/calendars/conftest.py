"""The small centre of the services' tests."""

from __future__ import annotations

from tests.services.conftest import centre, centre_template, setup
from tests.services.https_server import certified, server

__all__ = ["centre", "centre_template", "certified", "server", "setup"]
