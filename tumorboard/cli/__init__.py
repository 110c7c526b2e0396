"""The operator's door: every use case as a command. Words for people on standard output, or JSON with `--json`.

`catalogue.py` lists them all; it is not imported here, so that a command without a database loads alone.
"""
