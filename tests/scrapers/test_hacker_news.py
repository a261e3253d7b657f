"""Hacker News: a search that shows a thousand hits at most, items that are nothing yet or no more, late comments."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.base import Batch, Gone, RawPost, Rejection, Response, Sign
from scrapers.errors import CollectError, CollectorNotConfigured
from scrapers.kinds.hacker_news import HackerNews, parse_hits, parse_item
from scrapers.reading.posts import Item, Reading
from scrapers.registry import build
from tests.scrapers.conftest import NOW, PAYLOADS
from tests.scrapers.fuzzing import THOROUGH, odd_json

READING = Reading(NOW, UTC)
EPOCH = int(NOW.timestamp())
SEARCH = json.loads((PAYLOADS / "hacker_news" / "search.json").read_bytes())
ITEMS = json.loads((PAYLOADS / "hacker_news" / "items.json").read_bytes())


class Site:
    """Both interfaces over the same posts; the search shows at most `cap` of its hits."""

    def __init__(self, *hits: dict[str, Any], cap: int = 1000, items: Mapping[int, Any] | None = None) -> None:
        self.hits = list(hits)
        self.cap = cap
        self.items = dict(items or {})
        self.lists: dict[str, Any] = {}
        self.updated: list[int] = []
        self.fails: list[Exception | None] = []
        self.asked: list[str] = []

    def __call__(self, url: str, *, headers: Mapping[str, str] | None = None, data: bytes | None = None) -> Response:
        self.asked.append(url)
        failure = self.fails.pop(0) if self.fails else None
        if failure is not None:
            raise failure
        parts = urlsplit(url)
        name = parts.path.removeprefix("/v0/").removesuffix(".json")
        if parts.hostname == "hn.algolia.com":
            answer: Any = self._searched(parse_qs(parts.query))
        elif name == "updates":
            answer = {"items": self.updated, "profiles": []}
        else:
            answer = self.items.get(int(name[5:])) if name.startswith("item/") else self.lists[name]
        return Response(url, 200, {}, json.dumps(answer).encode())

    def _searched(self, query: dict[str, list[str]]) -> dict[str, Any]:
        assert query["hitsPerPage"] == ["1000"]
        start, end = map(int, re.findall(r"created_at_i(?:>=|<)(\d+)", query["numericFilters"][0]))
        wanted = [tag for tag in query["tags"][0].replace("(", "").replace(")", "").split(",") if tag[:6] == "story_"]
        found = [hit for hit in self.hits if start <= hit["created_at_i"] < end]
        found = [hit for hit in found if not wanted or f"story_{hit['story_id']}" in wanted]
        found.sort(key=lambda hit: -hit["created_at_i"])
        return {"hits": found[: self.cap], "nbHits": len(found), "nbPages": -(-len(found) // self.cap)}

    def searches(self) -> list[str]:
        return [url for url in self.asked if "hn.algolia.com" in url]


def hit(number: int, ago: int = 60, story: int = 1) -> dict[str, Any]:
    return {
        "objectID": str(number),
        "created_at_i": EPOCH - ago,
        "comment_text": f"Comment {number}",
        "story_id": story,
        "parent_id": story,
    }


def item(number: int, ago: int = 60, **more: Any) -> dict[str, Any]:
    return {"id": number, "type": "story", "time": EPOCH - ago, "title": f"Story {number}", **more}


def collector(site: Site, moment: datetime = NOW, **options: Any) -> HackerNews:
    made = build("hacker_news", options or {"query": "example"}, site)
    assert isinstance(made, HackerNews)
    return replace(made, clock=lambda: moment)


def collect(site: Site, cursor: Any = None, moment: datetime = NOW, **options: Any) -> Batch:
    return collector(site, moment, **options).collect(cursor or {})


def ids(batch: Batch) -> list[str]:
    return [post.external_id for post in batch.posts]


def test_hits_become_posts() -> None:
    comment, story, bare, none = parse_hits(SEARCH, READING, "搜索结果").items
    assert isinstance(comment, RawPost)
    assert isinstance(story, RawPost)
    assert (comment.external_id, comment.thread_id, comment.parent_id) == ("48000005", "48000001", "48000002")
    assert (comment.title, comment.text) == ("", 'Third visit & still "normal".\nSee my thread')
    assert (comment.author, comment.url) == ("tin_kettle", "https://news.ycombinator.com/item?id=48000005")
    assert comment.created_at == datetime.fromtimestamp(1787367600, UTC)
    assert (story.title, story.text, story.thread_id) == (
        "Ask HN: Example EV recall",
        "Has anyone got a refund?",
        "48000001",
    )
    assert bare == Rejection("搜索结果 第 3 条", "既没有标题也没有正文")
    assert none == Rejection("搜索结果 第 4 条", "不是帖子（没有编号）")


def test_an_item_is_a_post_or_gone_or_nothing() -> None:
    story, comment, deleted, dead, job, poll, part, none = (parse_item(row, READING, "条目") for row in ITEMS)
    assert isinstance(story, RawPost)
    assert isinstance(comment, RawPost)
    assert isinstance(poll, RawPost)
    assert (story.title, story.text) == ("Ask HN: Example EV recall", "Has anyone got a refund?")
    assert (comment.text, comment.parent_id, comment.thread_id) == ("Yes.\nAfter a year / two.", "48000001", "")
    assert poll.text == "Poll: petrol or electric?"
    assert deleted == Gone("48000003", "作者已删除（deleted）")
    assert dead == Gone("48000004", "已被站方或读者标记隐藏（dead）")
    assert (job, part, none) == (None, None, None)
    assert isinstance(parse_item({"type": "story"}, READING, "条目"), Rejection)


def test_what_both_interfaces_say_of_a_post_is_the_same() -> None:
    """Else a post found by search and looked at again would count as edited."""
    found = parse_hits(SEARCH, READING, "搜索结果").items[1]
    looked_at = parse_item(ITEMS[0], READING, "条目")
    assert isinstance(found, RawPost)
    assert isinstance(looked_at, RawPost)
    assert (found.title, found.text, found.external_id) == (looked_at.title, looked_at.text, looked_at.external_id)


def test_what_is_no_answer_of_the_search_is_an_error() -> None:
    with pytest.raises(CollectError, match="invalid numericFilters"):
        parse_hits({"message": "invalid numericFilters"}, READING, "搜索结果")


def test_a_visit_goes_on_where_the_last_one_ended() -> None:
    first = collect(Site(hit(1, 100), hit(2, 8 * 24 * 3600)))
    assert (ids(first), first.cursor["until"]) == (["1"], EPOCH + 1)
    later = NOW + timedelta(hours=5)
    site = Site(hit(1, 100), hit(3, -4 * 3600), hit(4, -18_001))
    assert ids(collect(site, first.cursor, later)) == ["3", "1"]


def test_more_hits_than_the_search_shows_are_found_by_halving_the_time() -> None:
    hits = [hit(number, number * 500) for number in range(1, 1001)]
    site = Site(*hits, cap=200)
    batch = collect(site)
    assert sorted(map(int, ids(batch))) == list(range(1, 1001))
    assert not batch.more
    assert 5 < len(site.searches()) < 20


def test_what_a_visit_cannot_finish_the_next_one_goes_on_with() -> None:
    hits = [hit(number, number * 100) for number in range(1, 6001)]
    cursor: Any = {}
    found: set[str] = set()
    visits = 0
    more = True
    while more:
        batch = collect(Site(*hits, cap=100), cursor)
        found |= set(ids(batch))
        cursor, more, visits = batch.cursor, batch.more, visits + 1
        assert visits < 12
    assert len(found) == 6000


def test_hits_of_one_second_cannot_be_halved_and_that_is_told() -> None:
    batch = collect(Site(*(hit(number, 100) for number in range(1, 12)), cap=10), {"until": EPOCH})
    assert (len(batch.posts), [note.sign for note in batch.notes]) == (10, [Sign.GAP])


def test_a_guess_of_more_hits_on_a_page_that_is_not_full_is_not_believed() -> None:
    assert not parse_hits({**SEARCH, "nbHits": 900}, READING, "搜索结果").cut
    assert parse_hits({**SEARCH, "nbHits": 900, "nbPages": 2}, READING, "搜索结果").cut


def test_a_search_that_fails_later_on_keeps_what_was_found() -> None:
    site = Site(*(hit(number, number * 4000) for number in range(1, 151)), cap=100)
    site.fails = [None, None, CollectError("忙")]
    batch = collect(site)
    assert batch.notes[0].sign is Sign.PAGE_FAILED
    assert not batch.more
    rest = collect(Site(*site.hits, cap=100), batch.cursor)
    assert {*ids(batch), *ids(rest)} == {str(number) for number in range(1, 151)}
    site.fails = [CollectError("忙")]
    with pytest.raises(CollectError):
        collect(site)


def test_comments_can_be_left_out_of_a_search() -> None:
    site = Site()
    collect(site, query="example", comments=False)
    assert "tags=%28story%2Cpoll%29&" in site.asked[0]


def test_a_post_that_changed_or_went_while_it_was_recent_is_noticed() -> None:
    first = collect(Site(hit(1), hit(2), hit(3)))
    assert set(first.cursor["recent"]) == {"1", "2", "3"}
    later = NOW + timedelta(hours=1, minutes=30)
    site = Site(items={1: item(1, title="Edited"), 2: {"id": 2, "deleted": True, "type": "comment", "time": 1}})
    site.updated = [1, 2, 99]
    second = collect(site, first.cursor, later)
    assert [(post.external_id, post.title) for post in second.posts] == [("1", "Edited")]
    assert second.gone == (Gone("2", "作者已删除（deleted）"),)


def test_a_post_is_looked_at_once_more_when_it_can_no_longer_be_edited() -> None:
    first = collect(Site(hit(1)))
    site = Site(items={1: item(1, title="Edited late")})
    second = collect(site, first.cursor, NOW + timedelta(hours=3))
    assert ([post.title for post in second.posts], second.cursor["recent"]) == (["Edited late"], {})
    third = Site()
    collect(third, second.cursor, NOW + timedelta(hours=4))
    assert len(third.asked) == 1


def test_not_being_able_to_look_back_costs_no_new_post() -> None:
    site = Site(hit(1))
    site.fails = [None, CollectError("连接不上")]
    batch = collect(site)
    assert (ids(batch), batch.notes[0].sign) == (["1"], Sign.PAGE_FAILED)
    assert set(batch.cursor["recent"]) == {"1"}


def listing(*numbers: int, hits: tuple[dict[str, Any], ...] = (), **items: Any) -> Site:
    site = Site(*hits, items={number: item(number) for number in numbers} | {int(k[1:]): v for k, v in items.items()})
    site.lists = {"newstories": list(numbers), "askstories": list(numbers)}
    return site


def test_a_list_gives_its_stories_and_their_comments() -> None:
    site = listing(12, 11, hits=(hit(20, 50, story=11), hit(21, 40, story=7)))
    batch = collect(site, list="newstories")
    assert ids(batch) == ["11", "12", "20"]
    assert (batch.cursor["newest"], batch.cursor["stories"]) == (12, [12, 11])


def test_a_seen_story_with_a_new_comment_is_read_again() -> None:
    first = collect(listing(11), list="askstories")
    site = listing(11, hits=(hit(30, -600, story=11),))
    assert ids(collect(site, first.cursor, NOW + timedelta(hours=1), list="askstories")) == ["30"]


def test_a_story_read_late_brings_its_older_comments() -> None:
    first = collect(listing(11), list="newstories")
    later = NOW + timedelta(hours=6)
    site = listing(12, 11, hits=(hit(30, 4 * 3600, story=12),), n12=item(12, 5 * 3600))
    assert "30" in ids(collect(site, first.cursor, later, list="newstories"))


def test_an_item_that_is_not_there_yet_is_tried_on_the_next_visit() -> None:
    first = collect(listing(12, 11, n12=None), list="newstories", comments=False)
    assert ids(first) == ["11"]
    second = collect(listing(12, 11), first.cursor, NOW + timedelta(minutes=5), list="newstories", comments=False)
    assert ids(second) == ["12"]


def test_a_list_is_worked_off_over_visits() -> None:
    first = collect(listing(1), list="newstories", comments=False)
    site = listing(*range(100, 0, -1))
    second = collect(site, first.cursor, list="newstories", comments=False)
    third = collect(site, second.cursor, list="newstories", comments=False)
    assert (second.more, ids(second)) == (True, [str(number) for number in range(2, 42)])
    assert ids(third) == [str(number) for number in range(42, 82)]


def test_the_first_visit_of_a_list_takes_its_newest() -> None:
    batch = collect(listing(*range(500, 0, -1)), list="newstories", comments=False)
    assert (ids(batch), batch.more) == ([str(number) for number in range(491, 501)], False)


def test_a_list_that_turned_over_may_have_lost_stories() -> None:
    first = collect(listing(1), list="newstories", comments=False)
    batch = collect(listing(9, 8), first.cursor, list="newstories", comments=False)
    assert [note.sign for note in batch.notes] == [Sign.GAP]


def test_an_empty_list_after_a_full_one_is_doubted() -> None:
    first = collect(listing(1), list="newstories", comments=False)
    batch = collect(listing(), first.cursor, list="newstories", comments=False)
    assert ([note.sign for note in batch.notes], batch.cursor["newest"]) == ([Sign.DOUBTFUL], 1)


def test_what_is_no_list_is_an_error() -> None:
    site = Site()
    site.lists = {"newstories": {"error": "Permission denied"}}
    with pytest.raises(CollectError, match="不是列表"):
        collect(site, list="newstories")


def test_an_item_that_fails_is_where_the_next_visit_begins() -> None:
    site = listing(13, 12, 11)
    site.fails = [None, None, CollectError("忙")]
    first = collect(site, list="newstories", comments=False)
    assert (ids(first), first.cursor["newest"]) == (["11"], 11)
    assert ids(collect(listing(13, 12, 11), first.cursor, list="newstories", comments=False)) == ["12", "13"]
    site.fails = [None, CollectError("忙")]
    with pytest.raises(CollectError):
        collect(site, list="newstories", comments=False)


@pytest.mark.parametrize("options", [{"query": "example"}, {"list": "newstories"}])
def test_the_past_is_read_in_as_large_pieces_as_the_search_gives(options: dict[str, Any]) -> None:
    made = collector(Site(*(hit(number, number * 3600) for number in range(1, 251)), cap=100), **options)
    pieces = [made.history({})]
    while pieces[-1].more:
        pieces.append(made.history(pieces[-1].cursor))
    assert len({name for piece in pieces for name in ids(piece)}) == 250
    # A hit where two pieces meet is in both.
    assert [piece.cursor["progress"] for piece in pieces] == [0.4, 0.797, 1.0]


def test_the_past_goes_on_though_one_second_fills_an_answer() -> None:
    made = collector(Site(*(hit(number, 100) for number in range(1, 8)), hit(9, 200), cap=5))
    first = made.history({})
    second = made.history(first.cursor)
    third = made.history(second.cursor)
    assert (first.more, second.more, ids(third), third.more) == (True, True, ["9"], False)


@pytest.mark.parametrize("options", [{}, {"query": "x", "list": "newstories"}])
def test_either_a_search_or_a_list_is_read(options: dict[str, Any]) -> None:
    with pytest.raises(CollectorNotConfigured) as raised:
        build("hacker_news", options, Site())
    assert raised.value.option == "query"


@pytest.mark.fuzz
@given(st.data())
@THOROUGH
def test_no_answer_breaks_the_reader(data: st.DataObject) -> None:
    items: list[Item | Gone | None] = [parse_item(data.draw(odd_json(row)), READING, "p") for row in ITEMS[:3]]
    try:
        items += parse_hits(data.draw(odd_json(SEARCH)), READING, "p").items
    except CollectError:
        return
    assert all(found.external_id and found.text for found in items if isinstance(found, RawPost))
