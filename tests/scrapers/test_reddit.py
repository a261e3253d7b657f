"""Reddit: links and comment trees, what was removed, pages, tokens, and threads that moved."""

import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.base import Batch, Census, Gone, RawPost, Response, Sign
from scrapers.errors import CollectError, CollectorNotConfigured
from scrapers.kinds.reddit import Reddit, parse_comments, parse_links
from scrapers.reading.posts import Reading
from scrapers.recording import Recorder, recorded
from scrapers.registry import build
from tests.scrapers.conftest import NOW, PAYLOADS, say
from tests.scrapers.conftest import Site as Server
from tests.scrapers.fuzzing import THOROUGH, odd_json
from tests.scrapers.polite import FakeTime, polite

READING = Reading(NOW, UTC)
SITE = "https://www.reddit.com"
NEW = json.loads((PAYLOADS / "reddit" / "new.json").read_bytes())
TREE = json.loads((PAYLOADS / "reddit" / "comments.json").read_bytes())


class Site:
    """Reddit with a table of answers; everything asked for by id is as the listing says."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.sent: list[tuple[Mapping[str, str], bytes | None]] = []

    def __call__(self, url: str, *, headers: Mapping[str, str] | None = None, data: bytes | None = None) -> Response:
        self.sent.append((headers or {}, data))
        self.asked.append(url)
        answer = self.answers[url]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, Response) else Response(url, 200, {}, json.dumps(answer).encode())


def link(name: str, comments: int = 0, **more: Any) -> dict[str, Any]:
    data = {"name": f"t3_{name}", "title": f"Link {name}", "created_utc": 1787350000.0, "num_comments": comments}
    return {"kind": "t3", "data": {**data, **more}}


def comment(name: str, *replies: Any, **more: Any) -> dict[str, Any]:
    data = {"name": f"t1_{name}", "body": f"Comment {name}", "created_utc": 1787352000.0, "link_id": "t3_a"}
    nested = {"kind": "Listing", "data": {"children": list(replies)}} if replies else ""
    return {"kind": "t1", "data": {**data, "replies": nested, **more}}


def more(*children: str, parent: str = "t3_a") -> dict[str, Any]:
    return {"kind": "more", "data": {"children": list(children), "parent_id": parent, "count": len(children)}}


def listing(*children: Any, after: str | None = None) -> dict[str, Any]:
    return {"kind": "Listing", "data": {"after": after, "children": list(children)}}


def tree(*children: Any) -> list[Any]:
    return [listing(link("a")), listing(*children)]


def at(path: str, query: str = "limit=100", site: str = SITE) -> str:
    return f"{site}{path}?raw_json=1&{query}"


def comments_at(name: str, branch: str = "") -> str:
    return f"{SITE}/comments/{name}.json?limit=500&sort=new{branch}&raw_json=1"


def info(*names: str) -> str:
    return f"{SITE}/api/info.json?id={'%2C'.join(names)}&raw_json=1"


def children_at(*names: str) -> str:
    return f"{SITE}/api/morechildren.json?api_type=json&link_id=t3_a&children={'%2C'.join(names)}&raw_json=1"


NEWEST = at("/r/examplecars/new.json")


def collector(site: Site, **options: Any) -> Reddit:
    made = build("reddit", {"subreddit": "examplecars", **options}, site)
    assert isinstance(made, Reddit)
    return replace(made, clock=lambda: NOW)


def collect(site: Site, cursor: Any = None, **options: Any) -> Batch:
    return collector(site, **options).collect(cursor or {})


def ids(batch: Batch) -> list[str]:
    return [post.external_id for post in batch.posts]


def test_links_become_posts() -> None:
    links = parse_links(NEW, READING, "r/examplecars")
    pinned, told, bare, _ = links.items
    assert isinstance(pinned, RawPost)
    assert isinstance(told, RawPost)
    assert isinstance(bare, RawPost)
    assert (told.external_id, told.thread_id, told.parent_id) == ("t3_aaa3", "t3_aaa3", "")
    assert told.title == 'Dealer says grinding noise & smoke is "normal"'
    assert told.text == "Third visit.\n\n> works as designed"
    assert (told.author, told.url) == ("tin_kettle", f"{SITE}/r/examplecars/comments/aaa3/dealer_says/")
    assert told.created_at == datetime.fromtimestamp(1787350000, UTC)
    assert told.edited_at == datetime.fromtimestamp(1787351000, UTC)
    assert (pinned.edited_at, bare.edited_at) == (None, None)
    assert (bare.text, bare.author) == ("Recall list", "")
    assert links.gone == [Gone("t3_aaa1", "已被版主或 Reddit 移除（[removed]）")]
    assert (links.counts, links.pinned) == ({"t3_aaa0": 0, "t3_aaa3": 4, "t3_aaa2": 0}, {"t3_aaa0"})


def test_a_removed_link_without_words_is_gone_too() -> None:
    assert parse_links(listing(link("a", removed_by_category="reddit")), READING, "r").gone == [
        Gone("t3_a", "已从版块移除")
    ]


def test_comments_are_read_from_the_whole_tree() -> None:
    found = parse_comments(TREE[1]["data"]["children"], READING, "t3_aaa3")
    first, orphan = found.items
    assert isinstance(first, RawPost)
    assert isinstance(orphan, RawPost)
    assert (first.external_id, first.thread_id, first.parent_id) == ("t1_c1", "t3_aaa3", "t3_aaa3")
    assert (first.text, first.author) == ("Same here, get it in writing", "paper_boat")
    assert (orphan.text, orphan.author, orphan.parent_id) == ("My account is gone but this stays", "", "t1_c2")
    assert orphan.edited_at == datetime.fromtimestamp(1787352700, UTC)
    assert [gone.external_id for gone in found.gone] == ["t1_c2", "t1_c4"]
    assert "作者" in found.gone[0].how
    assert "移除" in found.gone[1].how
    assert (found.left_out, found.continued) == (["c5", "c6"], ["t1_c3"])


def test_a_tree_of_any_depth_is_read() -> None:
    deep = comment("d0")
    for number in range(1, 3000):
        deep = comment(f"d{number}", deep)
    assert len(parse_comments([deep], READING, "t3_a").items) == 3000


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"message": "Forbidden", "error": 403}, "Forbidden"),
        ({"reason": "private"}, "private"),
        ([], "接口可能改了"),
        (listing({"kind": "t5", "data": {}}), "没有这个版块"),
    ],
)
def test_what_is_no_list_of_links_says_what_came(answer: Any, message: str) -> None:
    with pytest.raises(CollectError, match=message):
        parse_links(answer, READING, "r/examplecars")


def test_a_visit_reads_links_and_the_comments_they_have() -> None:
    batch = collect(Site(**{NEWEST: listing(link("a", 1), link("b")), comments_at("a"): tree(comment("c1"))}))
    assert ids(batch) == ["t3_a", "t3_b", "t1_c1"]
    assert batch.censuses == (
        Census(frozenset({"t3_a", "t1_c1"}), thread_id="t3_a", sure=True),
        Census(frozenset({"t3_b"}), thread_id="t3_b"),
    )


def test_pages_are_turned_until_what_is_known_and_pinned_links_end_nothing() -> None:
    pinned = link("pin", stickied=True)
    first = collect(Site(**{NEWEST: listing(pinned, link("b"), link("a"))}))
    second_page = at("/r/examplecars/new.json", "limit=100&after=t3_c")
    fetch = Site(
        **{
            NEWEST: listing(pinned, link("c"), after="t3_c"),
            second_page: listing(link("b"), link("a"), after="t3_a"),
        }
    )
    second = collect(fetch, first.cursor)
    assert (ids(second), fetch.asked) == (["t3_pin", "t3_c", "t3_b", "t3_a"], [NEWEST, second_page])


def test_the_limit_of_pages_is_told() -> None:
    fetch = Site(**{NEWEST: listing(link("z"), after="t3_z"), info("t3_a"): listing(link("a"))})
    batch = collect(fetch, {"threads": {"t3_a": "0"}}, max_pages=1)
    assert [note.sign for note in batch.notes] == [Sign.GAP]


def test_a_known_link_that_left_the_list_is_read_again_when_it_got_comments() -> None:
    fetch = Site(
        **{
            NEWEST: listing(link("b"), after=None),
            info("t3_a", "t3_x"): listing(link("a", 2), link("x", selftext="[deleted]")),
            comments_at("a"): tree(comment("c1"), comment("c2")),
        }
    )
    batch = collect(fetch, {"threads": {"t3_b": "0", "t3_a": "1", "t3_x": "0"}})
    assert ids(batch) == ["t3_b", "t3_a", "t1_c1", "t1_c2"]
    assert batch.gone == (Gone("t3_x", "作者已删除（[deleted]）"),)
    assert batch.cursor["threads"] == {"t3_b": "0", "t3_a": "2"}


def test_threads_that_did_not_move_are_looked_at_in_turn() -> None:
    answers = {NEWEST: listing(*(link(name, 1) for name in "abcde")), **{comments_at(n): tree() for n in "abcde"}}
    batch = collect(Site(**answers), {"threads": {f"t3_{name}": "1" for name in "abcde"}})
    second = collect(site := Site(**answers), batch.cursor)
    third = collect(again := Site(**answers), second.cursor)
    assert (len(site.asked), len(again.asked)) == (4, 4)
    assert {*site.asked, *again.asked} == {NEWEST, *(comments_at(name) for name in "abcde")}
    assert third.cursor["threads"] == batch.cursor["threads"]


def test_the_first_visit_is_short_and_the_next_goes_on_at_once() -> None:
    answers = {NEWEST: listing(*(link(name, 1) for name in "abcde")), **{comments_at(n): tree() for n in "abcde"}}
    first = collect(site := Site(**answers))
    second = collect(Site(**answers), first.cursor)
    assert (len(site.asked), first.more, second.more) == (4, True, False)
    assert second.cursor["threads"] == {f"t3_{name}": "1" for name in "abcde"}


def test_comments_left_out_are_asked_for() -> None:
    things = {"json": {"errors": [], "data": {"things": [comment("c2"), comment("c3", body="[removed]")]}}}
    site = Site(
        **{
            NEWEST: listing(link("a", 4)),
            comments_at("a"): tree(comment("c1", more(parent="t1_c1")), more("c2", "c3")),
            children_at("c2", "c3"): things,
            comments_at("a", "&comment=c1"): tree(comment("c1", comment("c4"))),
        }
    )
    batch = collect(site)
    assert ids(batch) == ["t3_a", "t1_c1", "t1_c2", "t1_c4"]
    assert batch.censuses == (Census(frozenset({"t3_a", "t1_c1", "t1_c2", "t1_c4"}), "t3_a", sure=True),)


def test_a_thread_too_large_for_a_visit_says_so_and_proves_nothing() -> None:
    names = [f"c{number}" for number in range(700)]
    answers = {
        children_at(*names[start : start + 100]): {"json": {"data": {"things": [comment(names[start])]}}}
        for start in range(0, 500, 100)
    }
    batch = collect(Site(**{NEWEST: listing(link("a", 700)), comments_at("a"): tree(more(*names)), **answers}))
    assert (len(batch.posts), batch.censuses) == (6, ())
    assert [(note.sign, note.text) for note in batch.notes] == [(Sign.GAP, "帖子 t3_a 的评论太多，只读了 5 条。")]


def test_comments_can_be_left_out_altogether() -> None:
    site = Site(**{NEWEST: listing(*(link(f"a{number}", 3) for number in range(30)))})
    batch = collect(site, comments=False)
    assert (len(batch.posts), len(site.asked), batch.more) == (30, 1, False)


def test_a_thread_that_fails_is_tried_again() -> None:
    site = Site(**{NEWEST: listing(link("a", 1)), comments_at("a"): CollectError("忙")})
    first = collect(site)
    assert first.notes[0].sign is Sign.PAGE_FAILED
    site.answers[comments_at("a")] = tree(comment("c1"))
    assert "t1_c1" in ids(collect(site, first.cursor))
    site.answers[comments_at("a")] = {"error": 500}
    assert "不是评论" in collect(site).notes[0].text


def test_comments_that_are_not_found_are_no_sign_that_the_link_is_gone() -> None:
    site = Site(**{NEWEST: listing(link("a", 1)), comments_at("a"): CollectError("没有", status=404)})
    second = collect(site, collect(site).cursor)
    assert (second.censuses, second.notes[0].sign) == ((), Sign.PAGE_FAILED)


def test_fewer_comments_than_the_link_says_it_has_leave_a_doubt() -> None:
    batch = collect(Site(**{NEWEST: listing(link("a", 2)), comments_at("a"): tree(comment("c1"))}))
    assert [census.sure for census in batch.censuses] == [False]


def test_an_empty_list_after_a_full_one_is_doubted() -> None:
    site = Site(**{NEWEST: listing(), info("t3_a"): listing(link("a"))})
    assert [note.sign for note in collect(site, {"threads": {"t3_a": "0"}}).notes] == [Sign.DOUBTFUL]


def test_a_spent_allowance_rests() -> None:
    headers = {"x-ratelimit-remaining": "0.0", "x-ratelimit-reset": "120", "x-ratelimit-used": "100"}
    body = json.dumps(listing(link("a", 1))).encode()
    batch = collect(Site(**{NEWEST: Response(NEWEST, 200, headers, body)}))
    assert (ids(batch), batch.more) == (["t3_a"], False)
    with pytest.raises(CollectError, match="额度") as raised:
        collect(Site(), batch.cursor)
    assert raised.value.retry_after == 120


def test_a_search_may_be_kept_to_a_subreddit() -> None:
    within = f"{SITE}/r/examplecars/search.json?q=gear+box&sort=new&type=link&restrict_sr=1&raw_json=1&limit=100"
    assert ids(collect(Site(**{within: listing(link("a"))}), query="gear box")) == ["t3_a"]
    everywhere = f"{SITE}/search.json?q=gear+box&sort=new&type=link&raw_json=1&limit=100"
    assert ids(collect(Site(**{everywhere: listing(link("a"))}), query="gear box", subreddit="")) == ["t3_a"]


TOKENS = f"{SITE}/api/v1/access_token"
APPLICATION = {"client_id": "app", "client_secret": "env:REDDIT", "subreddit": "/r/examplecars/"}


@pytest.fixture
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDDIT", "s3cret")


@pytest.mark.usefixtures("_secret")
def test_an_application_asks_with_a_token() -> None:
    newest = at("/r/examplecars/new", site="https://oauth.reddit.com")
    site = Site(**{TOKENS: {"access_token": "t0ken", "expires_in": 86400}, newest: listing(link("a"))})
    assert ids(collect(site, **APPLICATION)) == ["t3_a"]
    (asked, body), (sent, _) = site.sent
    assert (b64decode(asked["Authorization"].removeprefix("Basic ")), body) == (
        b"app:s3cret",
        b"grant_type=client_credentials",
    )
    assert sent["Authorization"] == "Bearer t0ken"
    assert "s3cret" not in repr(collector(site, **APPLICATION))


@pytest.mark.usefixtures("_secret")
@pytest.mark.parametrize("answer", [{"error": "invalid_grant"}, CollectError("要求登录", permanent=True, status=401)])
def test_a_refused_application_says_what_to_check(answer: Any) -> None:
    with pytest.raises(CollectError, match="检查 client_id") as raised:
        collect(Site(**{TOKENS: answer}), **APPLICATION)
    assert raised.value.permanent


@pytest.mark.usefixtures("_secret")
def test_a_token_is_exchanged_over_the_wire_and_not_kept_as_evidence(site: Server) -> None:
    site.routes["/api/v1/access_token"] = say(b'{"access_token": "t0ken"}')
    site.routes["/r/examplecars/new?raw_json=1&limit=100"] = say(json.dumps(listing(link("a"))).encode())
    recorder = Recorder(polite(FakeTime()))
    options = {**APPLICATION, "url": site.address, "api_url": site.address}
    batch = recorded(build("reddit", options, recorder), recorder).collect({})
    assert (ids(batch), site.sent) == (["t3_a"], [b"grant_type=client_credentials"])
    assert [b"t0ken" in payload.body for payload in batch.payloads] == [False]


@pytest.mark.usefixtures("_secret")
def test_a_busy_token_address_is_only_busy() -> None:
    with pytest.raises(CollectError, match="忙"):
        collect(Site(**{TOKENS: CollectError("忙")}), **APPLICATION)


def test_the_past_is_read_page_by_page() -> None:
    site = Site(
        **{
            at("/r/examplecars/new.json", "limit=25"): listing(link("c", 1), after="t3_c"),
            at("/r/examplecars/new.json", "limit=25&after=t3_c"): listing(link("b")),
            comments_at("c"): tree(comment("c1")),
        }
    )
    made = collector(site)
    first = made.history({})
    second = made.history(first.cursor)
    assert (ids(first), first.more, ids(second), second.more) == (["t3_c", "t1_c1"], True, ["t3_b"], False)
    assert second.cursor["pages"] == 2
    site.answers[comments_at("c")] = CollectError("忙", retry_after=60)
    with pytest.raises(CollectError, match="忙"):
        made.history({})


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"subreddit": ""}, "subreddit"),
        ({"subreddit": "two words"}, "subreddit"),
        ({"client_id": "app"}, "client_secret"),
    ],
)
def test_a_wrong_option_is_named(options: dict[str, str], option: str) -> None:
    with pytest.raises(CollectorNotConfigured) as raised:
        collector(Site(), **options)
    assert raised.value.option == option


@pytest.mark.fuzz
@given(st.data())
@THOROUGH
def test_no_answer_breaks_the_reader(data: st.DataObject) -> None:
    try:
        items = parse_links(data.draw(odd_json(NEW)), READING, "r").items
    except CollectError:
        items = []
    things = data.draw(odd_json(TREE[1]["data"]["children"]))
    items = [*items, *parse_comments(things, READING, "t3_a").items]
    assert all(item.external_id and item.text for item in items if isinstance(item, RawPost))
