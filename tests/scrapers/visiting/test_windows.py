"""Spans of time: halved where they hold too much, so that a cap of pages hides nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from scrapers.base import Batch, Response, Sign
from scrapers.errors import CollectError, CollectorNotConfigured
from scrapers.kinds.json_api import JsonApi
from scrapers.registry import build
from scrapers.visiting.windows import Window, times_of
from tests.scrapers.conftest import NOW, ZONE

URL = "https://api.example/search?from={since}&to={until}&page={page}"
OPTIONS = {"items": "@", "id": "id", "text": "text", "created": "at", "since_format": "unix", "max_pages": 5}


@dataclass
class Archive:
    """An interface that gives posts of a span of time, the newest first, ten a page and no more than five pages."""

    posts: Mapping[int, datetime]
    cap: int = 5
    size: int = 10
    newest_first: bool = True
    fails: int = 0
    asked: list[str] = field(default_factory=list)

    def __call__(self, url: str, *, headers: Mapping[str, str] | None = None, data: bytes | None = None) -> Response:
        self.asked.append(url)
        if self.fails == len(self.asked):
            raise CollectError("忙")
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        since, until = float(query.get("from", 0)), float(query.get("to", 9e9))
        within = [number for number, at in self.posts.items() if since <= at.timestamp() <= until]
        within.sort(key=lambda number: self.posts[number], reverse=self.newest_first)
        page = int(query.get("page", 1))
        shown = within[(page - 1) * self.size : page * self.size] if page <= self.cap else []
        body = [f'{{"id": {n}, "text": "第 {n} 帖", "at": {int(self.posts[n].timestamp())}}}' for n in shown]
        return Response(url, 200, {}, f"[{','.join(body)}]".encode())


def posts(count: int, *, days: float = 6.0, now: datetime = NOW) -> dict[int, datetime]:
    """So many posts, evenly over the last days."""
    return {number: now - timedelta(days=days) * number / count for number in range(count)}


def api(archive: Archive, url: str = URL, **options: Any) -> JsonApi:
    collector = build("json", {"url": url, **OPTIONS, **options}, archive)
    assert isinstance(collector, JsonApi)
    return replace(collector, clock=lambda: NOW)


def read_all(collector: JsonApi, cursor: Mapping[str, Any] | None = None) -> tuple[set[int], Batch]:
    """The numbers of all posts that a visit gives, with those at once behind it, and the last batch."""
    batch = collector.collect(cursor or {})
    seen = {int(post.external_id) for post in batch.posts}
    while batch.more:
        batch = collector.collect(batch.cursor)
        seen |= {int(post.external_id) for post in batch.posts}
    return seen, batch


def test_a_cap_of_pages_hides_nothing() -> None:
    archive = Archive(posts(1000))
    seen, last = read_all(api(archive))
    assert seen == set(range(1000))
    assert (last.notes, last.cursor["windows"]) == ((), [])


def test_the_next_visit_asks_for_what_is_new_and_a_little_more() -> None:
    archive = Archive(posts(30))
    _, last = read_all(api(archive))
    archive.asked.clear()
    later = replace(api(archive), clock=lambda: NOW + timedelta(hours=2))
    later.collect(last.cursor)
    since = parse_qs(urlsplit(archive.asked[0]).query)["from"][0]
    assert float(since) == (NOW - timedelta(hours=1)).timestamp()


def test_a_visit_that_was_cut_short_goes_on_with_what_is_left() -> None:
    archive = Archive(posts(400), fails=12)
    first = api(archive).collect({})
    assert [note.sign for note in first.notes] == [Sign.PAGE_FAILED]
    assert not first.more
    seen, _ = read_all(api(archive), first.cursor)
    assert {int(post.external_id) for post in first.posts} | seen == set(range(400))


def test_a_minute_that_holds_too_much_is_told() -> None:
    collector = api(Archive(posts(80, days=0.0001)), first_days=1)
    batch, signs = collector.collect({}), set()
    while batch.more:
        signs |= {note.sign for note in batch.notes}
        batch = collector.collect(batch.cursor)
    assert {*signs, *(note.sign for note in batch.notes)} == {Sign.GAP}


def test_a_listing_of_one_page_is_halved_when_it_is_full() -> None:
    archive = Archive(posts(300), cap=1, size=20)
    seen, _ = read_all(api(archive, url="https://api.example/search?from={since}&to={until}", page_size=20))
    assert seen == set(range(300))


def test_few_pages_on_a_visit_do_not_halve_a_quiet_week_for_ever() -> None:
    archive = Archive(posts(8))
    read_all(api(archive, max_pages=1))
    assert len(archive.asked) < 10


def test_the_past_is_read_from_the_newest_to_the_beginning_and_tells_how_far() -> None:
    archive = Archive(posts(500, days=900))
    collector, cursor = api(archive), dict[str, Any]()
    seen: set[str] = set()
    progress = [0.0]
    more = True
    while more:
        batch = collector.history(cursor)
        cursor, more = dict(batch.cursor), batch.more
        seen |= {post.external_id for post in batch.posts}
        progress.append(batch.cursor["progress"])
    assert len(seen) == 500
    assert progress == sorted(progress)
    assert progress[-1] == 1


def test_since_alone_goes_on_at_the_newest_seen() -> None:
    archive = Archive(posts(30))
    collector = api(archive, url="https://api.example/search?from={since}&page={page}", overlap_minutes=0)
    first = collector.collect({})
    assert len(first.posts) == 30
    archive.asked.clear()
    archive.posts = {99: NOW, **archive.posts}
    second = collector.collect(first.cursor)
    assert {post.external_id for post in second.posts} == {"99", "0"}
    assert f"from={int(NOW.timestamp())}" in archive.asked[0]


def test_since_alone_with_the_oldest_first_goes_on_at_once() -> None:
    archive = Archive(posts(300), newest_first=False, cap=99)
    collector = api(archive, url="https://api.example/search?from={since}&page={page}")
    seen, last = read_all(collector)
    assert (len(seen), last.notes) == (300, ())


def test_since_alone_with_the_newest_first_tells_what_it_could_not_reach() -> None:
    archive = Archive(posts(300), cap=99)
    batch = api(archive, url="https://api.example/search?from={since}&page={page}").collect({})
    assert ([note.sign for note in batch.notes], batch.more) == ([Sign.GAP], False)


@pytest.mark.parametrize(
    ("form", "since", "until"),
    [
        ("iso", "2026-08-20T16:00:00Z", "2026-08-22T04:00:00Z"),
        ("unix", "1787241600", "1787371200"),
        ("unix_ms", "1787241600000", "1787371200000"),
        ("date", "2026-08-21", "2026-08-22"),
    ],
)
def test_times_are_told_as_the_site_wants_them(form: str, since: str, until: str) -> None:
    times = times_of({"since_format": form}, ZONE, full=0)
    window = Window(datetime.fromisoformat("2026-08-21T00:00:00+08:00"), NOW)
    assert times.words(window) == {"since": since, "until": until}


def test_days_are_halved_into_days_that_share_none() -> None:
    times = times_of({"since_format": "date"}, ZONE, full=0)
    spans, days = [Window(NOW - timedelta(days=10), NOW)], []
    while spans:
        span = spans.pop()
        halves = times.halves(span)
        spans += halves or ()
        if halves is None:
            words = times.words(span)
            assert words["since"] == words["until"]
            days.append(words["since"])
    assert sorted(days) == [f"2026-08-{day}" for day in range(12, 23)]


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"url": "https://a.example/?b={until}"}, "url"),
        ({"url": "https://a.example/?a={since}", "whole": True}, "whole"),
        ({"url": "https://a.example/?a={since}", "order": "oldest_first"}, "order"),
    ],
)
def test_options_that_do_not_fit_a_span_of_time_are_told(options: dict[str, Any], option: str) -> None:
    with pytest.raises(CollectorNotConfigured) as raised:
        build("json", {**OPTIONS, **options}, Archive({}))
    assert raised.value.option == option
