"""Mastodon: forward without gaps, boosts, bots, edits, and what the newest page proves."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.base import Batch, Census, RawPost, Rejection, Response, Sign
from scrapers.errors import CollectError, CollectorNotConfigured
from scrapers.kinds.mastodon import Mastodon, order_of, parse_timeline
from scrapers.reading.posts import Reading
from scrapers.registry import build
from tests.scrapers.conftest import NOW, PAYLOADS
from tests.scrapers.fuzzing import THOROUGH, odd_json

PAYLOAD = json.loads((PAYLOADS / "mastodon" / "timeline.json").read_bytes())
READING = Reading(NOW, UTC)
OPTIONS: dict[str, Any] = {"url": "https://m.example/", "tag": "#新能源车"}


def status(number: int, **more: Any) -> dict[str, Any]:
    """A post whose id and moment grow together."""
    moment = (NOW - timedelta(days=1) + timedelta(minutes=number)).isoformat()
    account = {"acct": "muyu", "bot": False}
    return {"id": str(number), "created_at": moment, "content": f"<p>帖 {number}</p>", "account": account, **more}


class Server:
    """A server that pages as Mastodon does; a page given as an error fails as often as it is asked for."""

    def __init__(self, *statuses: dict[str, Any], limit: int = 2, headers: Mapping[str, str] | None = None) -> None:
        self.statuses = sorted(statuses, key=lambda row: order_of(row["id"]))
        self.limit = limit
        self.headers = dict(headers or {})
        self.fails: dict[str, Exception] = {}
        self.asked: list[dict[str, list[str]]] = []
        self.sent: list[Mapping[str, str]] = []

    def __call__(self, url: str, *, headers: Mapping[str, str] | None = None, data: bytes | None = None) -> Response:
        assert url.startswith("https://m.example/api/v1/timelines/tag/%E6%96%B0%E8%83%BD%E6%BA%90%E8%BD%A6?limit=40")
        query = parse_qs(urlsplit(url).query)
        self.asked.append(query)
        self.sent.append(headers or {})
        if (query.get("min_id") or [""])[0] in self.fails:
            raise self.fails[query["min_id"][0]]
        page = self._page(query)
        links = {"link": f'<{url.partition("?")[0]}?max_id={page[0]["id"]}>; rel="next"'} if page else {}
        body = json.dumps(list(reversed(page))).encode()
        return Response(url, 200, {**links, **self.headers}, body)

    def _page(self, query: dict[str, list[str]]) -> list[dict[str, Any]]:
        found = self.statuses
        if "min_id" in query:
            return [row for row in found if order_of(row["id"]) > order_of(query["min_id"][0])][: self.limit]
        if "max_id" in query:
            found = [row for row in found if order_of(row["id"]) < order_of(query["max_id"][0])]
        return found[-self.limit :]


def collector(server: Server, **options: Any) -> Mastodon:
    made = build("mastodon", {**OPTIONS, **options}, server)
    assert isinstance(made, Mastodon)
    return replace(made, clock=lambda: NOW)


def collect(server: Server, cursor: Any = None, **options: Any) -> Batch:
    return collector(server, **options).collect(cursor or {})


def ids(batch: Batch) -> list[str]:
    return [post.external_id for post in batch.posts]


def test_public_posts_of_people_are_read() -> None:
    first, second, none = parse_timeline(PAYLOAD, READING, "#车").items
    assert isinstance(first, RawPost)
    assert isinstance(second, RawPost)
    assert first.text == "吐槽售后\n\n等配件等了两个月\n400 电话永远在忙 #新能源车\n\n工单截图，状态是等待"
    assert (first.author, first.parent_id) == ("muyu", "116999999999999001")
    assert first.url == "https://m.example/@muyu/116999999999999003"
    assert first.created_at == datetime(2026, 8, 22, 3, 10, tzinfo=UTC)
    assert first.edited_at == datetime(2026, 8, 22, 3, 30, tzinfo=UTC)
    assert (second.author, second.url) == ("qing@other.example", "https://other.example/notes/9x")
    assert none == Rejection("#车 第 5 条", "只有图片或视频，没有文字")


def test_bots_are_read_when_asked_for() -> None:
    assert len(parse_timeline(PAYLOAD, READING, "#车", bots=True).items) == 4


def test_a_boost_is_no_new_post_and_what_it_boosts_counts_once() -> None:
    boost = status(9, reblog=status(3), content="")
    timeline = parse_timeline([boost, status(8, reblog=status(3)), status(3)], READING, "#车")
    assert [post.external_id for post in timeline.items if isinstance(post, RawPost)] == ["3"]
    assert timeline.ids == ["9", "8", "3"]


def test_what_is_no_timeline_says_what_came() -> None:
    with pytest.raises(CollectError, match="requires an authenticated user"):
        parse_timeline({"error": "This method requires an authenticated user"}, READING, "#车")


def test_ids_are_sorted_as_the_numbers_they_are() -> None:
    assert sorted(["10", "9", "116999999999999003"], key=order_of) == ["9", "10", "116999999999999003"]
    timeline = parse_timeline([status(9), status(10)], READING, "#车")
    assert timeline.ids == ["10", "9"]


def test_the_first_visit_takes_the_newest_page_only() -> None:
    server = Server(*map(status, range(1, 9)))
    batch = collect(server)
    assert (ids(batch), batch.cursor, len(server.asked)) == (["8", "7"], {"min_id": "8"}, 1)


def test_later_visits_go_forward_without_a_gap() -> None:
    first = collect(Server(*map(status, range(1, 9))))
    server = Server(*map(status, range(1, 14)))
    second = collect(server, first.cursor)
    assert set(ids(second)) == {"9", "10", "11", "12", "13"}
    assert [query.get("min_id") for query in server.asked] == [["8"], ["10"], ["12"], ["13"], None]
    assert (second.cursor, second.more) == ({"min_id": "13"}, False)


def test_what_is_too_much_for_one_visit_is_gone_on_with() -> None:
    server = Server(*map(status, range(1, 14)))
    first = collect(server, {"min_id": "2"}, max_pages=2)
    assert (ids(first), first.more, first.cursor) == (["4", "3", "6", "5"], True, {"min_id": "6"})
    second = collect(server, first.cursor, max_pages=9)
    assert set(ids(second)) == {str(number) for number in range(7, 14)}


def test_a_page_that_fails_is_where_the_next_visit_begins() -> None:
    server = Server(*map(status, range(1, 9)))
    server.fails["6"] = CollectError("忙")
    batch = collect(server, {"min_id": "4"})
    assert (ids(batch), batch.cursor, batch.censuses) == (["6", "5"], {"min_id": "6"}, ())
    assert batch.notes[0].sign is Sign.PAGE_FAILED
    server.fails["4"] = CollectError("忙")
    with pytest.raises(CollectError):
        collect(server, {"min_id": "4"})


def test_a_tag_that_was_never_used_loses_nothing_later() -> None:
    first = collect(Server())
    assert first.cursor == {"min_id": "0"}
    assert set(ids(collect(Server(*map(status, range(1, 7))), first.cursor))) == {"1", "2", "3", "4", "5", "6"}


def test_the_newest_page_tells_of_edits_and_of_what_is_gone() -> None:
    server = Server(status(1), status(2, content="<p>改了</p>", edited_at=NOW.isoformat()), status(4), limit=3)
    batch = collect(server, {"min_id": "4"})
    assert [(post.external_id, post.text) for post in batch.posts] == [("4", "帖 4"), ("2", "改了"), ("1", "帖 1")]
    oldest = next(post.created_at for post in batch.posts if post.external_id == "1")
    assert oldest is not None
    assert batch.censuses == (Census(frozenset({"1", "2", "4"}), since=oldest + timedelta(milliseconds=1)),)


def test_a_page_with_a_row_that_cannot_be_read_proves_nothing() -> None:
    assert collect(Server(status(1), status(2, content=""), status(3), limit=3)).censuses == ()


def test_tags_are_combined_and_the_token_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASTODON", "t-secret")
    server = Server()
    collect(server, any="电动车，#ev", all="售后", none="广告", local=True, token="env:MASTODON")
    assert server.asked[0] == {
        "limit": ["40"],
        "any[]": ["电动车", "ev"],
        "all[]": ["售后"],
        "none[]": ["广告"],
        "local": ["true"],
    }
    assert server.sent[0]["Authorization"] == "Bearer t-secret"


def test_a_spent_allowance_ends_the_visit_and_rests_the_next() -> None:
    reset = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": (NOW + timedelta(minutes=5)).isoformat()}
    batch = collect(Server(*map(status, range(1, 9)), headers=reset), {"min_id": "2"})
    assert (ids(batch), batch.more, batch.cursor["min_id"]) == (["4", "3"], False, "4")
    with pytest.raises(CollectError, match="约 5 分钟") as raised:
        collect(Server(), batch.cursor)
    assert raised.value.retry_after == 300


def test_the_past_is_read_back_to_the_first_post() -> None:
    made = collector(Server(*map(status, range(1, 6))))
    pieces = [made.history({})]
    while pieces[-1].more:
        pieces.append(made.history(pieces[-1].cursor))
    assert [ids(piece) for piece in pieces] == [["5", "4"], ["3", "2"], ["1"], []]


def test_a_server_that_gives_the_same_page_for_ever_ends_the_past() -> None:
    batch = collector(Server(status(5), limit=1)).history({"max_id": "6", "pages": 1})
    stuck = Server(status(5), limit=1)
    stuck._page = lambda query: [status(5)]  # type: ignore[method-assign]
    assert (batch.more, collector(stuck).history(batch.cursor).more) == (True, False)


def test_a_tag_is_one_tag() -> None:
    with pytest.raises(CollectorNotConfigured) as raised:
        collector(Server(), tag="车 售后")
    assert raised.value.option == "tag"


@pytest.mark.fuzz
@given(st.data())
@THOROUGH
def test_no_answer_breaks_the_reader(data: st.DataObject) -> None:
    value = data.draw(odd_json([*PAYLOAD, status(9, reblog=status(3))]))
    try:
        items = parse_timeline(value, READING, "#车").items
    except CollectError:
        return
    assert all(item.external_id and item.text for item in items if isinstance(item, RawPost))
