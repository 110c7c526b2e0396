"""The small centre of the services' tests."""

from __future__ import annotations

from tests.services.conftest import centre, setup
from tests.services.https_server import certified, server

__all__ = ["centre", "certified", "server", "setup"]
