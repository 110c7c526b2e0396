"""The picture of a meeting, as `templates/_picture.html` draws it. Paper draws the same values (`formats/pdf.py`)."""

from __future__ import annotations

from tumorboard.domain.picture import STEPS, Bar, Picture
from tumorboard.services.pictures import picture_of_meeting, picture_of_plan

__all__ = ["STEPS", "Bar", "Picture", "picture_of_meeting", "picture_of_plan"]
