"""Apple's review feed: entries that are missing, one or many, storefronts, edits, and a feed that empties itself."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.base import Batch, RawPost, Rejection, Sign
from scrapers.errors import CollectError, CollectorNotConfigured
from scrapers.kinds.app_store import AppStore, parse_reviews
from scrapers.reading.posts import Reading
from scrapers.registry import build
from tests.scrapers.conftest import NOW, PAYLOADS, FakeFetch
from tests.scrapers.fuzzing import THOROUGH, odd_json

PAYLOAD = json.loads((PAYLOADS / "app_store" / "page.json").read_bytes())
READING = Reading(NOW, UTC, 5)


def address(page: int, country: str = "cn") -> str:
    return f"https://itunes.apple.com/{country}/rss/customerreviews/page={page}/id=1234567890/sortby=mostrecent/json"


def review(number: int, words: str = "很卡", hours: int | None = None) -> dict[str, Any]:
    """Review `number`, written so many hours before now; the higher its number, the newer it is."""
    moment = NOW - timedelta(hours=1000 - number if hours is None else hours)
    return {
        "id": {"label": str(number)},
        "im:rating": {"label": "2"},
        "updated": {"label": moment.isoformat()},
        "content": {"label": words, "attributes": {"type": "text"}},
    }


def page(*reviews: dict[str, Any]) -> bytes:
    return json.dumps({"feed": {"entry": list(reviews)} if reviews else {}}).encode()


def store(*pages: bytes | Exception, country: str = "cn") -> dict[str, bytes | Exception]:
    """A storefront's pages; those not given are empty."""
    empty = {address(number, country): page() for number in range(1, 11)}
    return {**empty, **{address(number, country): answer for number, answer in enumerate(pages, start=1)}}


def collector(fetch: FakeFetch, **options: Any) -> AppStore:
    made = build("app_store", {"app": "1234567890", **options}, fetch)
    assert isinstance(made, AppStore)
    return replace(made, clock=lambda: NOW)


def collect(answers: dict[str, Any], cursor: Any = None, **options: Any) -> Batch:
    return collector(FakeFetch(answers), **options).collect(cursor or {})


def ids(batch: Batch) -> list[str]:
    return [post.external_id for post in batch.posts]


def test_reviews_become_posts_and_the_app_itself_does_not() -> None:
    first, second, broken = parse_reviews(PAYLOAD, READING, "cn")
    assert isinstance(first, RawPost)
    assert isinstance(second, RawPost)
    assert (first.external_id, first.title, first.author) == ("12000000002", "预约保养一直转圈", "id55501")
    assert first.text == "更新以后点预约就卡住\n客服也不回"
    assert (first.rating, first.rating_scale) == (1.0, 5)
    assert first.created_at == datetime(2026, 8, 22, 1, 22, 33, tzinfo=UTC)
    assert first.url == "https://itunes.apple.com/cn/review?id=1234567890&type=Purple%20Software"
    assert (second.author, second.text) == ("阿木", "远程开空调\n很好用")
    assert broken == Rejection("cn 第 4 条", "不是评论（没有编号）")


@pytest.mark.parametrize(
    ("feed", "count"),
    [({}, 0), ({"entry": review(1)}, 1), ({"entry": [review(1)]}, 1), ({"entry": [review(1), review(2)]}, 2)],
)
def test_entries_may_be_missing_one_or_many(feed: dict[str, Any], count: int) -> None:
    assert len(parse_reviews({"feed": feed}, READING, "cn")) == count


@pytest.mark.parametrize("data", [{}, [], {"feed": []}, {"feed": {"entry": "none"}}])
def test_an_answer_that_is_no_feed_is_an_error(data: Any) -> None:
    with pytest.raises(CollectError, match="不是评论列表"):
        parse_reviews(data, READING, "cn")


def test_the_first_visit_takes_the_newest_page_and_later_ones_all_that_is_new() -> None:
    first = collect(store(page(review(3)), page(review(2))))
    assert ids(first) == ["3"]
    fetch = FakeFetch(store(page(review(9), review(8)), page(review(7), review(3)), page(review(2))))
    second = collector(fetch).collect(first.cursor)
    assert (ids(second), len(fetch.asked), second.notes) == (["9", "8", "7", "3"], 2, ())


def test_an_edited_review_keeps_its_id_and_both_moments() -> None:
    first = collect(store(page(review(3), review(2), review(1))))
    edited = collect(store(page(review(1, "修好了", hours=1), review(3), review(2))), first.cursor)
    post = edited.posts[0]
    assert (post.external_id, post.text) == ("1", "修好了")
    assert (post.created_at, post.edited_at) == (NOW - timedelta(hours=999), NOW - timedelta(hours=1))
    assert [post.edited_at for post in edited.posts[1:]] == [None, None]


def test_an_edited_review_on_top_does_not_end_the_walk() -> None:
    first = collect(store(page(review(3), review(2))))
    pages = store(page(review(9), review(3, "改了", hours=1)), page(review(8), review(2)))
    assert ids(collect(pages, first.cursor)) == ["9", "3", "8", "2"]


def test_an_empty_feed_after_a_full_one_is_doubted_and_nothing_is_forgotten() -> None:
    first = collect(store(page(review(3))))
    empty = collect(store(), first.cursor)
    assert ([note.sign for note in empty.notes], empty.cursor) == ([Sign.DOUBTFUL], first.cursor)
    assert collect(store()).notes == ()


def test_blank_pages_in_the_middle_end_nothing() -> None:
    first = collect(store(page(review(1))))
    pages = store(page(review(9), review(8)), page(), page(), page(), page(review(7), review(1)))
    assert ids(collect(pages, first.cursor)) == ["9", "8", "7", "1"]


def test_five_hundred_new_reviews_are_a_gap() -> None:
    first = collect(store(page(review(1))))
    full = [page(*(review(900 - 50 * number - row) for row in range(50))) for number in range(10)]
    batch = collect(store(*full), first.cursor)
    assert (len(batch.posts), [note.sign for note in batch.notes]) == (500, [Sign.GAP])


def test_a_later_page_that_fails_is_read_again_next_time() -> None:
    first = collect(store(page(review(1))))
    batch = collect(store(page(review(9), review(8)), CollectError("忙")), first.cursor)
    assert (ids(batch), batch.notes[0].sign, batch.cursor) == (["9", "8"], Sign.PAGE_FAILED, first.cursor)


def test_every_storefront_has_its_own_cursor_and_one_that_fails_stops_no_other() -> None:
    answers = {**store(page(review(1))), **store(CollectError("忙"), country="hk")}
    batch = collect(answers, countries="cn, HK，cn")
    assert (ids(batch), batch.notes[0].text) == (["1"], "hk 区没有读到：忙")
    assert {country: list(stamps) for country, stamps in batch.cursor["storefronts"].items()} == {"cn": ["1"], "hk": []}


def test_no_storefront_at_all_is_a_failure() -> None:
    with pytest.raises(CollectError, match="忙"):
        collect(store(CollectError("忙")))


def test_the_past_is_the_ten_pages_of_every_storefront() -> None:
    answers = {
        **store(*(page(review(900 - number)) for number in range(10))),
        **store(page(review(5)), country="hk"),
    }
    made = collector(FakeFetch(answers), countries="cn,hk")
    pieces = [made.history({})]
    while pieces[-1].more:
        pieces.append(made.history(pieces[-1].cursor))
    assert [len(piece.posts) for piece in pieces] == [5, 5, 1]
    assert [piece.cursor["progress"] for piece in pieces] == [0.25, 0.5, 1.0]


def test_the_cursor_stays_small() -> None:
    cursor = dict.fromkeys(map(str, range(10_000, 12_000)), 1787350000)
    batch = collect(store(page(review(9))), {"storefronts": {"cn": cursor}})
    assert len(json.dumps(batch.cursor)) < 10_000


@pytest.mark.parametrize(
    ("options", "option"),
    [({"app": "爱车管家"}, "app"), ({"countries": "china"}, "countries"), ({"countries": " , "}, "countries")],
)
def test_a_wrong_option_is_named(options: dict[str, str], option: str) -> None:
    with pytest.raises(CollectorNotConfigured) as raised:
        collector(FakeFetch({}), **options)
    assert raised.value.option == option


@pytest.mark.fuzz
@given(st.data())
@THOROUGH
def test_no_answer_breaks_the_reader(data: st.DataObject) -> None:
    try:
        items = parse_reviews(data.draw(odd_json(PAYLOAD)), READING, "cn")
    except CollectError:
        return
    assert all(item.external_id and item.text for item in items if isinstance(item, RawPost))
