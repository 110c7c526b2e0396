"""The application as web servers and `flask --app wsgi` find it. Wrong settings end here: one line, exit code 2."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

from flask import Flask

from config import ConfigError, load
from tumorboard import create_app
from tumorboard.standalone import find_standalone

# numpy's matrix threads cost a tenth of a second to begin, and nothing here multiplies matrices.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

GARBAGE_AT = 50_000
"""Objects after which circular garbage is looked for; a page makes tens of thousands, nearly all of which go by
themselves. Python's 700 would interrupt it dozens of times."""


def _make() -> Flask:
    program = Path(sys.argv[0])
    is_command = program.name == "flask" or program.parts[-2:] == ("flask", "__main__.py")
    if is_command:
        standalone = find_standalone(sys.argv[1:])
        if standalone is not None:
            return standalone
    try:
        settings = load()
    except ConfigError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    made = create_app(settings)
    if not is_command:
        gc.collect()
        gc.freeze()  # what lives as long as the process is not looked through again: some pages would wait for that
        gc.set_threshold(GARBAGE_AT)
    return made


app = _make()
