"""Copies are told from chance wording, and campaigns from reposts and common forms of words."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest

from monitor.domain.likeness import (
    Spread,
    Voice,
    are_copies,
    is_passed_on,
    judge_spread,
    likeness,
    normal_form,
    pairs_of,
)
from tests.wordings import COMPLAINTS, EDITS, OTHER_ORDER, simplify

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def _normal(text: str) -> str:
    return normal_form(text, simplify)


def _likeness(first: str, second: str) -> float:
    return likeness(pairs_of(_normal(first)), pairs_of(_normal(second)))


@pytest.mark.parametrize(
    ("text", "pairs"), [("", 0), ("车", 0), ("车门", 1), ("车门响", 2), ("哈哈哈哈", 1), ("𠮷𠮷車", 2)]
)
def test_a_text_has_a_pair_for_each_two_neighbours_that_are_not_yet_there(text: str, pairs: int) -> None:
    assert len(pairs_of(text)) == pairs


def test_the_index_is_what_is_shared_of_all() -> None:
    assert likeness(pairs_of("车门响了"), pairs_of("车门响过")) == 0.5
    assert likeness(pairs_of("响车门"), pairs_of("车门响")) == 1 / 3
    assert likeness(pairs_of(""), pairs_of("")) == 0


def test_the_complaints_are_as_long_as_posts_are() -> None:
    assert all(50 <= len(text) <= 60 for text in COMPLAINTS)


@pytest.mark.parametrize("edit", EDITS.values(), ids=list(EDITS))
def test_every_edit_of_a_text_is_its_copy(edit: Callable[[str], str]) -> None:
    for text in COMPLAINTS:
        assert edit(text) != text
        assert are_copies(_normal(text), _normal(edit(text))), edit(text)


@pytest.mark.parametrize("name", ["punctuation", "passed on", "faces", "traditional"])
def test_what_passing_on_adds_makes_no_difference(name: str) -> None:
    assert [_normal(EDITS[name](text)) for text in COMPLAINTS] == [_normal(text) for text in COMPLAINTS]


def test_unrelated_complaints_have_little_in_common() -> None:
    assert max(_likeness(one, other) for one, other in combinations(COMPLAINTS, 2)) < 0.2


def test_one_form_with_another_order_and_fault_is_no_copy() -> None:
    for one, other in OTHER_ORDER:
        assert 0.2 < _likeness(one, other) < 0.5
        assert not are_copies(_normal(one), _normal(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [("服务太差了", "服务太差"), ("好评", "差评"), ("再也不来了", "再也不会来了"), ("", ""), ("转发微博", "转发微博")],
)
def test_short_posts_are_no_copies_unless_they_are_equal(one: str, other: str) -> None:
    assert not are_copies(_normal(one), _normal(other))


@pytest.mark.parametrize(
    ("one", "other"), [("好评", "好评！"), ("服务太差了", "服务太差了[怒]"), ("差評", "差评~"), ("哈" * 20, "哈" * 20)]
)
def test_short_posts_that_are_equal_are_copies(one: str, other: str) -> None:
    assert are_copies(_normal(one), _normal(other))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("异响http://t.cn/A6xYz9没人管", "异响没人管"),
        ("异响 www.example.com/a?b=1 没人管", "异响没人管"),
        ("异响t.cn/A6xYz9没人管", "异响没人管"),
        ("异响O网页链接", "异响"),
        ("//@张三:异响//@李-四：没人管", "异响没人管"),
        ("@某4S店 异响", "异响"),
        ("回复@张三:异响", "异响"),
        (
            "投诉@某某品牌官方客服这台车买来三个月一直异响没有人管",
            "投诉某某品牌官方客服这台车买来三个月一直异响没有人管",
        ),
        ("#维权#异响#汽车 投诉#没人管", "异响没人管"),
        ("异响 #投诉 #买车避坑", "异响"),
        ("3#楼和5#楼都漏水", "3楼和5楼都漏水"),
        ("转发微博", ""),
        ("轉發微博", ""),
        ("【转】异响", "异响"),
        ("（转载）异响", "异响"),
        ("转：异响", "异响"),
        ("转自：异响", "异响"),
        ("RT @zhang: 异响", "异响"),
        ("方向盘往左转：异响", "方向盘往左转异响"),
        ("请大家帮我转发", "请大家帮我转发"),
        ("report: 异响", "report异响"),
        ("异响[doge][允悲]没人管[图片]", "异响没人管"),
        ("异响😡🙏没人管", "异响没人管"),
        ("> 您好，请问怎么了\n异响", "异响"),
        ("噪音>70分贝", "噪音70分贝"),
        ("ＡＢＳ灯亮，１２３公里", "abs灯亮123公里"),
        ("變速箱異響", "变速箱异响"),
        ("  CarPlay　断 连 ", "carplay断连"),
        ("！！！", ""),
    ],
)
def test_the_normal_form_keeps_what_was_said(text: str, left: str) -> None:
    assert _normal(text) == left


@pytest.mark.parametrize(
    "text", ["@" * 9000, "#" * 9000, "a." * 4500, "[" * 9000, "/ " * 4500, "转 " * 4500, ">\n" * 4500]
)
def test_no_text_takes_long(text: str) -> None:
    assert len(_normal(text)) <= 4000


@pytest.mark.parametrize(
    ("text", "passed_on"),
    [
        ("转发微博", True),
        ("太过分了//@张三:异响", True),
        ("【转】异响", True),
        ("转：异响", True),
        ("rt @zhang 异响", True),
        ("请大家转发", False),
        ("@某4S店 异响", False),
        ("方向盘往左转：异响", False),
    ],
)
def test_a_post_says_itself_that_it_passes_words_on(text: str, passed_on: bool) -> None:
    assert is_passed_on(text) is passed_on


def _voices(*authors: int | None, every: timedelta = timedelta(minutes=20), passed_on: bool = False) -> list[Voice]:
    return [Voice(author, AT + place * every, passed_on) for place, author in enumerate(authors)]


@pytest.mark.parametrize(
    ("voices", "spread"),
    [
        (_voices(), Spread.SINGLE),
        (_voices(1), Spread.SINGLE),
        (_voices(1, 1, 1), Spread.DUPLICATE),
        (_voices(1, 2), Spread.REPOST),
        (_voices(1, 2, 3, 1, 2), Spread.REPOST),
        (_voices(1, 2, 3, 4), Spread.CAMPAIGN),
        (_voices(1, 2, 3, 4, every=timedelta(hours=2)), Spread.CAMPAIGN),
        (_voices(1, 2, 3, 4, every=timedelta(hours=3)), Spread.REPOST),
        (_voices(1, 2, 3, 4, passed_on=True), Spread.REPOST),
        (_voices(1, 2, 3, 4, every=timedelta(days=30)), Spread.TEMPLATE),
        (_voices(None, None, None, None), Spread.REPOST),
        (_voices(1, None), Spread.REPOST),
    ],
)
def test_how_a_wording_spread(voices: list[Voice], spread: Spread) -> None:
    assert judge_spread(voices) is spread


def test_a_burst_in_the_life_of_a_template_is_a_campaign() -> None:
    used = _voices(*range(10), every=timedelta(days=20))
    burst = [Voice(author, AT + timedelta(days=70, minutes=author)) for author in range(20, 24)]
    assert judge_spread(used) is Spread.TEMPLATE
    assert judge_spread([*used, *burst]) is Spread.CAMPAIGN


def test_the_figures_of_a_large_cluster_count_beside_its_newest_posts() -> None:
    newest = _voices(1, 1, 1)
    assert judge_spread(newest, authors=30, lasted=timedelta(days=90)) is Spread.TEMPLATE
    assert judge_spread(newest, authors=3, lasted=timedelta(days=90)) is Spread.REPOST


def test_short_posts_of_several_are_votes_and_no_campaign() -> None:
    assert judge_spread(_voices(1, 2, 3, 4), is_short=True) is Spread.TEMPLATE
    assert judge_spread(_voices(1, 1), is_short=True) is Spread.DUPLICATE
