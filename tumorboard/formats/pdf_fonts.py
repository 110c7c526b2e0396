"""Fonts for paper: a Korean TrueType font that is embedded, or the one every PDF reader brings along."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

NANUM = Path("/usr/share/fonts/truetype/nanum")
"""Where Debian's `fonts-nanum` puts its files."""
FAMILIES = ("NanumGothic", "NanumBarunGothic")
BUILT_IN = "HYGothic-Medium"
"""Adobe's Korean font pack: named in the file, drawn by the reader's own font."""
_A_SYLLABLE = ord("가")


@dataclass(frozen=True, slots=True)
class Fonts:
    """Names of registered fonts. Only TrueType fonts travel inside the file."""

    regular: str
    bold: str
    is_embedded: bool


def choose_fonts(wanted: Path | None = None, *, folder: Path = NANUM) -> Fonts:
    """The font of the setting, else one of Debian's, else the built-in one.

    A file that is missing, holds outlines ReportLab cannot embed, or has no Hangul is passed over. The bold font is the
    file beside it whose name ends in `Bold`, where there is one.
    """
    for path in _candidates(wanted, folder):
        fonts = _embed(path)
        if fonts is not None:
            return fonts
    return _name_built_in()


def _candidates(wanted: Path | None, folder: Path) -> Iterator[Path]:
    if wanted is not None:
        yield wanted
    for family in FAMILIES:
        yield folder / f"{family}.ttf"


@lru_cache(maxsize=8)
def _embed(path: Path) -> Fonts | None:
    regular = _register(path)
    if regular is None:
        return None
    bold = _register(path.with_name(f"{path.stem.removesuffix('-Regular').removesuffix('Regular')}Bold{path.suffix}"))
    return Fonts(regular, bold or regular, is_embedded=True)


def _register(path: Path) -> str | None:
    """The name under which ReportLab knows the file; None when it cannot be used for Korean."""
    from reportlab.pdfbase import pdfmetrics  # noqa: PLC0415 - slow to load, and only paper needs it
    from reportlab.pdfbase.ttfonts import TTFError, TTFont  # noqa: PLC0415

    if not path.is_file():
        return None
    try:
        font = TTFont(path.stem, str(path))
    except (TTFError, OSError):
        return None
    if _A_SYLLABLE not in font.face.charToGlyph:
        return None
    pdfmetrics.registerFont(font)
    return path.stem


@lru_cache(maxsize=1)
def _name_built_in() -> Fonts:
    from reportlab.pdfbase import pdfmetrics  # noqa: PLC0415 - slow to load, and only paper needs it
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont  # noqa: PLC0415

    pdfmetrics.registerFont(UnicodeCIDFont(BUILT_IN))
    return Fonts(BUILT_IN, BUILT_IN, is_embedded=False)
