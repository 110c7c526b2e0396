"""`python -m tumorboard.words` lists the strings without Korean words, one per line; exit code 1 when there are
any. An `unused` one may be looked up by a code and does no harm."""

from __future__ import annotations

import sys
from pathlib import Path

from tumorboard.words.gaps import extract_messages, find_gaps, read_korean

if __name__ == "__main__":
    gaps = find_gaps(extract_messages(Path(__file__).parents[1]), read_korean())
    for gap in gaps:
        print(f"{gap.problem}\t{gap.where}\t{gap.message!r}")
    sys.exit(any(gap.problem != "unused" for gap in gaps))
