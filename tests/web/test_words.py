"""Cutting the customer's words into pieces."""

from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.verdicts import Polarity
from monitor.storage.models import Assessment, Post
from monitor.web.words import Quote, Stance, pieces_of, quote_of

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


@given(st.text(max_size=30), CUES, st.tuples(st.integers(0, 40), st.integers(0, 40)))
def test_the_worst_sentence_is_marked_whole_and_once_across_any_cues(
    text: str, cues: list[dict[str, object]], worst: tuple[int, int]
) -> None:
    pieces = list(pieces_of(text, cues, worst))
    assert "".join(piece.text for piece in pieces) == text
    assert all(piece.text for piece in pieces)
    assert "".join(piece.text for piece in pieces if piece.worst) == text[slice(*worst)]
    assert sum(piece.opens for piece in pieces) == bool(text[slice(*worst)])


def test_of_cues_that_overlap_the_longer_is_marked() -> None:
    cues = [
        {"family": "a", "start": 1, "end": 2, "reason": "短：x"},
        {"family": "b", "start": 1, "end": 4, "reason": "长：y"},
        {"family": "c", "start": 3, "end": 5, "reason": "后：z"},
    ]
    marked = [(piece.text, piece.family, piece.reason) for piece in pieces_of("一二三四五", cues) if piece.family]
    assert marked == [("二三四", "长", "y")]


def test_cues_of_one_place_share_a_mark() -> None:
    cues = [
        {"family": "waiting", "start": 1, "end": 3, "reason": "久候：一直没等到"},
        {"family": "rating_contrast", "start": 1, "end": 3, "reason": "星文不符：给了高分"},
        {"family": "words", "start": 1, "end": 3, "reason": "模型看重的词"},
    ]
    marked = [(piece.text, piece.family, piece.reason) for piece in pieces_of("一二三四", cues) if piece.family]
    assert marked == [("二三", "久候", "一直没等到；星文不符：给了高分；模型看重的词")]


@dataclass
class Heard:
    """As much of an assessment as a quotation asks."""

    details: dict[str, Any]
    flagged: bool = True


@dataclass
class Said:
    """As much of a post as a quotation asks."""

    text: str
    title: str = ""
    assessments: list[Heard] = field(default_factory=list)


def _quote(text: str, *, flagged: bool = True, **details: Any) -> Quote:
    return quote_of(cast("Post", Said(text)), by=cast("Assessment", Heard(details, flagged)))


CALM = "座椅舒服，音响够听，周末带孩子出去玩挺方便。"
WORST = "等配件等了俩月，至今没人回电。"
LONG = CALM * 20 + WORST + CALM


def _place(text: str, part: str) -> list[int]:
    return [text.index(part), text.index(part) + len(part)]


def test_the_worst_sentence_of_a_long_post_is_found_in_the_folded_part() -> None:
    quote = _quote(LONG, worst=_place(LONG, WORST))
    assert quote.worst == WORST
    assert "".join(piece.text for piece in quote.folded if piece.worst) == WORST
    assert not any(piece.worst for piece in quote.seen)
    assert quote.shows_worst


def test_a_worst_sentence_across_the_fold_begins_once() -> None:
    text = "开头没有句号" * 40 + "，一直没有人管" * 40 + "。完了。"
    quote = _quote(text, worst=[200, 500])
    assert [piece.opens for piece in (*quote.seen, *quote.folded) if piece.worst] == [True, False]


def test_a_worst_sentence_beyond_what_the_page_carries_is_told_by_its_beginning() -> None:
    text = CALM * 300 + "等了" * 50 + "。"
    quote = _quote(text, worst=[len(CALM) * 300, len(text)])
    assert not quote.shows_worst
    assert quote.worst == "等了" * 29 + "等…"


@pytest.mark.parametrize(
    "worst", [None, [], [0], [3, 3], [-2, 5], [5, 2], [0, 10_000], ["0", "5"], [0, len(LONG)], "02"]
)
def test_a_place_that_is_none_marks_nothing(worst: object) -> None:
    quote = _quote(LONG, worst=worst)
    assert (quote.worst, quote.shows_worst) == ("", False)


def test_a_contented_post_has_no_worst_sentence() -> None:
    assert _quote(LONG, flagged=False, worst=_place(LONG, WORST)).worst == ""


def test_every_topic_has_its_stance_as_far_as_the_verdict_knew_it() -> None:
    topics = [
        {"name": "制动", "score": 0.9, "polarity": "negative"},
        {"name": "外观", "score": 0.8, "polarity": "positive"},
        {"name": "内饰", "score": 0.7},
        {"name": "空间", "score": 0.6, "polarity": "unheard of"},
    ]
    stances = _quote("刹车软，外观好看", topics=topics).stances
    assert stances == (
        Stance("制动", Polarity.NEGATIVE),
        Stance("外观", Polarity.POSITIVE),
        Stance("内饰", None),
        Stance("空间", None),
    )


def test_a_verdict_of_an_early_version_has_neither_topics_nor_worst_sentence() -> None:
    quote = _quote(LONG)
    assert (quote.stances, quote.worst, quote.cues) == ((), "", ())


def test_cues_that_overlap_are_all_listed() -> None:
    cues = [
        {"family": "again", "start": 2, "end": 4, "reason": "反复：不止一次"},
        {"family": "bare_fact", "start": 0, "end": 4, "reason": "白描：只说出了什么事"},
    ]
    assert [(cue.text, cue.family) for cue in _quote("车机黑屏了", cues=cues).cues] == [
        ("车机黑屏", "白描"),
        ("黑屏", "反复"),
    ]
