"""What may be entered as an e-mail address."""

from __future__ import annotations

import pytest

from tumorboard.domain.addresses import is_address, is_new_address


@pytest.mark.parametrize("text", ["a@b", "o'neil+board@hospital.example", "_x@hospital-1.example", "A.B@x.co"])
def test_address(text: str) -> None:
    assert (is_address(text), is_new_address(text)) == (True, True)


@pytest.mark.parametrize("text", ["", "a", "@b", "a@", "a b@c", "a@b@c", "a@-b", "김@병원.example", "a@b\n", "a@b."])
def test_no_address(text: str) -> None:
    assert (is_address(text), is_new_address(text)) == (False, False)


@pytest.mark.parametrize("text", ["=1+1@x", "+cmd@x.example", "-a@x.example"])
def test_what_a_spreadsheet_would_work_out_is_not_entered(text: str) -> None:
    assert (is_address(text), is_new_address(text)) == (True, False)
