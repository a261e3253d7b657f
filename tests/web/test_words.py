"""Cutting the customer's words into pieces."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.web.words import pieces_of

CUES = st.lists(
    st.fixed_dictionaries(
        {
            "family": st.just("irony"),
            "start": st.integers(-5, 40),
            "end": st.integers(-5, 40),
            "reason": st.just("反讽：x"),
        }
    ),
    max_size=8,
)


@given(st.text(max_size=30), CUES)
def test_no_word_is_lost_or_doubled_whatever_the_cues(text: str, cues: list[dict[str, object]]) -> None:
    assert "".join(piece.text for piece in pieces_of(text, cues)) == text


def test_of_cues_that_overlap_the_longer_is_marked() -> None:
    cues = [
        {"family": "a", "start": 1, "end": 2, "reason": "短：x"},
        {"family": "b", "start": 1, "end": 4, "reason": "长：y"},
        {"family": "c", "start": 3, "end": 5, "reason": "后：z"},
    ]
    marked = [(piece.text, piece.family, piece.reason) for piece in pieces_of("一二三四五", cues) if piece.family]
    assert marked == [("二三四", "长", "y")]
