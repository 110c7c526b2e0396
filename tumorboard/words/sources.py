"""Where rules come from, said in the reader's language: titles of publications stay as they are cited."""

from __future__ import annotations

import re

from tumorboard.words import Words
from tumorboard.words import to_translate as _

HOUSE_DEFAULT = "House default"
"""The source of a rule that no publication says so."""
PROSE = (
    _("Referral"), _("Expert opinion"), _("expert opinion"), _("Centre convention"), _("centre convention"),
    _("Centre convention (data hygiene)"), _("Early palliative care"),
    _("split: centre convention [X]"), _("cut-offs: centre convention [X]"),
    _("cut-off of 22 weeks: centre convention [X]"),
    _("House default: fever from 38.0 °C, CRP from 30 mg/L"),
    _("Aletti 2007 (procedures of the complexity score)"),
    _("ESGO quality indicator 5 (Querleu 2016, IJGC 26:1354; Fotopoulou 2020, IJGC 30:436)"),
    _("ESGO-ESMO-ESP 2024 on frail patients [G]"), _("ESMO-ESGO 2019, pathology"),
    _("FIGO 2014 stages IVA and IVB"),
    _("Factors of the Mayo triage algorithm (PMC7293555)"),
    _("Fagotti laparoscopic score (stomach item)"),
    _("Germline testing of all non-mucinous epithelial cancers [G]"),
)  # fmt: skip
"""Parts of sources in the programmes of this software that are more than a citation."""
_BETWEEN = re.compile(r"; (?![^()]*\))")


def say_source(source: str, words: Words) -> str:
    """A source with its prose translated; what nobody has translated, and a centre's own, stays as it is written."""
    if source == HOUSE_DEFAULT:
        return words.gettext("Default of this software, for the centre to confirm")
    return "; ".join(words.gettext(part) if part in PROSE else part for part in _BETWEEN.split(source))
