"""The application as web servers and `flask --app wsgi` find it. Wrong settings end here: one line, exit code 2."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from flask import Flask

from config import ConfigError, load
from tumorboard import create_app
from tumorboard.standalone import find_standalone

# numpy's matrix threads cost a tenth of a second to begin, and nothing here multiplies matrices.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _make() -> Flask:
    program = Path(sys.argv[0])
    if program.name == "flask" or program.parts[-2:] == ("flask", "__main__.py"):
        standalone = find_standalone(sys.argv[1:])
        if standalone is not None:
            return standalone
    try:
        settings = load()
    except ConfigError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    return create_app(settings)


app = _make()
