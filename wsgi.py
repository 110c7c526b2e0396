"""The application as web servers and `flask --app wsgi` find it. Wrong settings end here: one line, exit code 2."""

from __future__ import annotations

import sys

from config import ConfigError, load
from tumorboard import create_app

try:
    _config = load()
except ConfigError as error:
    print(error, file=sys.stderr)
    sys.exit(2)

app = create_app(_config)
