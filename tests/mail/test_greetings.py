"""How a letter speaks to somebody, in both languages."""

from __future__ import annotations

import pytest

from tumorboard.words import Words
from tumorboard.words.greetings import greet


@pytest.mark.parametrize(
    ("title", "korean", "english"),
    [
        ("", "홍길동님,", "Dear 홍길동,"),
        ("교수", "홍길동 교수님,", "Dear Prof. 홍길동,"),
        ("교수님", "홍길동 교수님,", "Dear Prof. 홍길동,"),
        ("임상조교수", "홍길동 교수님,", "Dear Prof. 홍길동,"),
        ("Prof.", "홍길동 교수님,", "Dear Prof. 홍길동,"),
        ("Associate Professor", "홍길동 교수님,", "Dear Prof. 홍길동,"),
        ("Prof. Dr. med.", "홍길동 교수님,", "Dear Prof. 홍길동,"),
        ("MD, PhD", "홍길동 선생님,", "Dear Dr. 홍길동,"),
        ("M.D.", "홍길동 선생님,", "Dear Dr. 홍길동,"),
        ("과장", "홍길동 과장님,", "Dear Dr. 홍길동,"),
        ("전문간호사", "홍길동 전문간호사님,", "Dear 홍길동,"),
        ("Coordinator", "홍길동님,", "Dear 홍길동,"),
    ],
)
def test_title_is_said_as_the_language_says_it(title: str, korean: str, english: str) -> None:
    assert (greet("홍길동", title, Words("ko")), greet("홍길동", title, Words("en"))) == (korean, english)


def test_name_is_never_taken_apart() -> None:
    assert greet("Hong, Gildong (GYN)", "MD", Words("en")) == "Dear Dr. Hong, Gildong (GYN),"
