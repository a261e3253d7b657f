"""V2EX: both interfaces, topics that moved, topics that went, and an allowance that ends."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.base import Batch, Census, Gone, RawPost, Response, Sign
from scrapers.errors import CollectError, CollectorNotConfigured
from scrapers.kinds.v2ex import V2ex, contents_of, parse_replies, parse_topics
from scrapers.reading.posts import Item, Reading
from scrapers.registry import build
from tests.scrapers.conftest import NOW, PAYLOADS, FakeFetch
from tests.scrapers.fuzzing import THOROUGH, odd_json

API = "https://www.v2ex.com/api"
LATEST = f"{API}/topics/latest.json"
READING = Reading(NOW, UTC)
DATA = {path.stem: json.loads(path.read_bytes()) for path in (PAYLOADS / "v2ex").glob("*.json")}


def collector(fetch: FakeFetch, **options: Any) -> V2ex:
    made = build("v2ex", options, fetch)
    assert isinstance(made, V2ex)
    return replace(made, clock=lambda: NOW)


def collect(fetch: FakeFetch, cursor: dict[str, Any] | None = None, **options: Any) -> Batch:
    return collector(fetch, **options).collect(cursor or {})


def topic(number: int, replies: int = 0, **more: Any) -> dict[str, Any]:
    return {"id": number, "title": f"主题 {number}", "created": 1787350000, "replies": replies, **more}


def reply(number: int) -> dict[str, Any]:
    return {"id": number, "content": f"回复 {number}", "created": 1787355000, "member": {"username": "qiao"}}


def replies_at(number: int, page: int = 1) -> str:
    return f"{API}/replies/show.json?topic_id={number}&page={page}&page_size=100"


def forum(topics: list[Any], **answers: Any) -> FakeFetch:
    return FakeFetch(
        {LATEST: json.dumps(topics).encode(), **{name: as_answer(value) for name, value in answers.items()}}
    )


def as_answer(value: Any) -> bytes | Response | Exception:
    return value if isinstance(value, (bytes, Response, Exception)) else json.dumps(value).encode()


def ids(batch: Batch) -> list[str]:
    return [post.external_id for post in batch.posts]


def test_topics_and_replies_become_posts() -> None:
    batch = collect(forum(DATA["latest"], **{replies_at(1100001): DATA["replies"]}))
    first, bare, answer, _ = batch.posts
    assert (first.external_id, first.thread_id, first.parent_id) == ("t1100001", "t1100001", "")
    assert (first.title, first.text) == ("新车三个月变速箱异响，4S 店说正常", "低速顿挫\n已经去了三次")
    assert (first.author, first.url) == ("lin_yi", "https://www.v2ex.com/t/1100001")
    assert first.created_at == datetime.fromtimestamp(1787350000, UTC)
    assert first.edited_at == datetime.fromtimestamp(1787351200, UTC)
    assert (bare.text, bare.edited_at) == ("有人遇到过车机黑屏吗", None)
    assert (answer.external_id, answer.thread_id, answer.parent_id) == ("r15000002", "t1100001", "t1100001")
    assert (answer.text, answer.author) == ("我的也是，@lin_yi 找厂家投诉吧", "qiao")
    assert answer.url == "https://www.v2ex.com/t/1100001#r_15000002"
    assert batch.gone == (Gone("t1099999", "V2EX 标明主题已删除"),)
    assert [rejection.reason for rejection in batch.rejections] == ["不是主题（没有编号）"]


def test_a_thread_read_whole_is_counted_whole() -> None:
    batch = collect(forum(DATA["latest"], **{replies_at(1100001): DATA["replies"]}))
    everything = Census(frozenset({"t1100001", "r15000002", "r15000007"}), thread_id="t1100001", sure=True)
    assert batch.censuses == (everything, Census(frozenset({"t1100000"}), thread_id="t1100000"))


def test_a_seen_topic_is_read_again_only_when_it_moved() -> None:
    first = collect(forum([topic(1, 1), topic(2, 1)], **{replies_at(1): [reply(11)], replies_at(2): [reply(21)]}))
    moved = forum([topic(1, 2), topic(2, 1)], **{replies_at(1): [reply(11), reply(12)]})
    assert ids(collect(moved, dict(first.cursor))) == ["t1", "t2", "r11", "r12"]
    assert [url for url, _ in moved.asked] == [LATEST, replies_at(1)]


def test_replies_come_in_pages_until_all_are_there() -> None:
    fetch = forum([topic(1, 3)], **{replies_at(1): [reply(11), reply(12)], replies_at(1, 2): [reply(13)]})
    assert ids(collect(fetch)) == ["t1", "r11", "r12", "r13"]


def test_a_server_that_knows_no_pages_is_not_asked_for_ever() -> None:
    fetch = forum([topic(1, 9)], **{replies_at(1): [reply(11)], replies_at(1, 2): [reply(11)]})
    batch = collect(fetch)
    assert (ids(batch), [census.sure for census in batch.censuses]) == (["t1", "r11"], [False])


def test_a_topic_with_too_many_replies_says_so_and_is_not_counted() -> None:
    pages = {replies_at(1, page): [reply(page)] for page in range(1, 11)}
    batch = collect(forum([topic(1, 5000)], **pages))
    assert (len(batch.posts), batch.censuses) == (11, ())
    assert [(note.sign, note.text) for note in batch.notes] == [(Sign.GAP, "主题 t1 的回复太多，只读了前 10 条。")]


def test_a_reply_that_could_not_be_read_is_not_taken_for_gone() -> None:
    batch = collect(forum([topic(1, 2)], **{replies_at(1): [reply(11), {"id": 12, "content": ""}]}))
    assert (len(batch.rejections), batch.censuses) == (1, ())


def test_replies_that_are_not_found_are_no_sign_that_the_topic_is_gone() -> None:
    fetch = forum([topic(1, 1)], **{replies_at(1): CollectError("没有", status=404)})
    second = collect(fetch, dict(collect(fetch).cursor))
    assert (second.censuses, second.notes[0].sign) == ((), Sign.PAGE_FAILED)


def test_replies_can_be_left_out() -> None:
    topics = [topic(number, 1) for number in range(1, 31)]
    batch = collect(forum(topics), replies=False)
    assert (len(batch.posts), batch.more) == (30, False)


def test_topics_that_left_the_list_are_looked_at_in_turn() -> None:
    before = {"threads": {"t1": "old", "t2": "old"}, "turn": 0}
    shows = {f"{API}/topics/show.json?id=1": [topic(1, 1)], f"{API}/topics/show.json?id=2": []}
    fetch = forum([topic(3)], **shows, **{replies_at(1): [reply(11)]})
    batch = collect(fetch, before)
    assert ids(batch) == ["t3", "t1", "r11"]
    assert Census(frozenset(), thread_id="t2") in batch.censuses
    assert batch.notes[0].sign is Sign.GAP


def test_a_topic_that_was_deleted_is_told_once_and_forgotten() -> None:
    shows = {f"{API}/topics/show.json?id=1": [topic(1, deleted=1)]}
    batch = collect(forum([topic(2)], **shows), {"threads": {"t1": "x", "t2": "x"}})
    assert batch.gone == (Gone("t1", "V2EX 标明主题已删除"),)
    assert list(batch.cursor["threads"]) == ["t2"]


def test_a_list_that_turned_over_between_visits_may_have_lost_topics() -> None:
    first = collect(forum([topic(1)]), replies=False)
    seen = collect(forum([topic(2), topic(1)]), dict(first.cursor), replies=False)
    assert seen.notes == ()
    shows = {f"{API}/topics/show.json?id={number}": [topic(number)] for number in (1, 2)}
    lost = collect(forum([topic(9)], **shows), dict(seen.cursor), replies=False)
    assert [note.sign for note in lost.notes] == [Sign.GAP]


def test_an_empty_list_after_a_full_one_is_doubted() -> None:
    shows = {f"{API}/topics/show.json?id=1": [topic(1)]}
    assert [note.sign for note in collect(forum([], **shows), {"threads": {"t1": "x"}}).notes] == [Sign.DOUBTFUL]
    assert collect(forum([])).notes == ()


def test_a_spent_allowance_keeps_what_was_read_and_rests() -> None:
    headers = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(int(NOW.timestamp()) + 1200)}
    spent = Response(LATEST, 200, headers, json.dumps([topic(1, 1)]).encode())
    batch = collect(FakeFetch({LATEST: spent}))
    assert (ids(batch), batch.more) == (["t1"], False)
    assert "额度用完" in batch.notes[0].text
    with pytest.raises(CollectError, match="约 20 分钟") as raised:
        collect(FakeFetch({}), dict(batch.cursor))
    assert raised.value.retry_after == 1200
    later = replace(
        collector(forum([topic(1, 1)], **{replies_at(1): [reply(11)]})), clock=lambda: NOW + timedelta(minutes=21)
    )
    assert ids(later.collect(batch.cursor)) == ["t1", "r11"]


def test_many_moved_topics_are_worked_off_over_visits() -> None:
    topics = [topic(number, 1) for number in range(1, 26)]
    answers = {replies_at(number): [reply(100 + number)] for number in range(1, 26)}
    visits = [collect(forum(topics, **answers))]
    while visits[-1].more:
        visits.append(collect(forum(topics, **answers), dict(visits[-1].cursor)))
    # The first is short, since it is what a preview waits for.
    assert [sum(name[0] == "r" for name in ids(batch)) for batch in visits] == [3, 20, 2]
    assert len({name for batch in visits for name in ids(batch)}) == 50


def test_one_node_is_read_openly() -> None:
    url = f"{API}/topics/show.json?node_name=car"
    assert ids(collect(FakeFetch({url: json.dumps([topic(1)]).encode()}), node="car")) == ["t1"]


@pytest.mark.parametrize(
    ("answer", "message", "status"),
    [
        ({"status": "error", "message": "Rate Limit Exceeded"}, "Rate Limit Exceeded", 0),
        ({"success": False, "message": "Object Not Found"}, "Object Not Found", 404),
        ({"success": True, "result": {"id": 1}}, "不是主题列表", 0),
        ({"rows": []}, "rows", 0),
        ("x", "不是主题列表", 0),
    ],
)
def test_an_answer_without_topics_says_what_came(answer: Any, message: str, status: int) -> None:
    with pytest.raises(CollectError, match=message) as raised:
        collect(FakeFetch({LATEST: json.dumps(answer).encode()}))
    assert raised.value.status == status


V2 = f"{API}/v2"
PAGE = f"{V2}/nodes/car/topics?p="
TOKEN: dict[str, Any] = {"node": "car", "token": "env:V2EX_TOKEN"}


@pytest.fixture
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("V2EX_TOKEN", "t-secret")


def envelope(result: Any, pages: int = 1) -> dict[str, Any]:
    return {"success": True, "message": "", "result": result, "pagination": {"per_page": 20, "pages": pages}}


def node(*pages: list[dict[str, Any]], **answers: Any) -> FakeFetch:
    """The pages of one node, each topic shown alone, without replies but those in `answers`."""
    listed = {f"{PAGE}{number}": envelope(page, len(pages)) for number, page in enumerate(pages, start=1)}
    shown = {f"{V2}/topics/{row['id']}": envelope(row) for page in pages for row in page}
    return FakeFetch({url: as_answer(value) for url, value in {**listed, **shown, **answers}.items()})


@pytest.mark.usefixtures("_token")
def test_the_newer_interface_gives_author_and_supplements() -> None:
    answers = {
        f"{PAGE}1": DATA["v2_node_topics"],
        f"{V2}/topics/1100001": DATA["v2_topic"],
        f"{V2}/topics/1100001/replies?p=1": envelope(DATA["replies"]),
    }
    fetch = FakeFetch({url: json.dumps(value).encode() for url, value in answers.items()})
    batch = collect(fetch, **TOKEN)
    assert ids(batch) == ["t1100001", "r15000002", "r15000007"]
    assert (batch.posts[0].author, batch.posts[0].text) == ("lin_yi", "低速顿挫\n\n第 4 次进店，终于承认是通病")
    assert {headers["Authorization"] for _, headers in fetch.asked} == {"Bearer t-secret"}
    assert "t-secret" not in json.dumps(batch.cursor)


@pytest.mark.usefixtures("_token")
def test_pages_are_turned_until_nothing_moved() -> None:
    first = collect(node([topic(3)]), **TOKEN)
    fetch = node([topic(5), topic(4)], [topic(3)], [topic(2)])
    assert ids(collect(fetch, dict(first.cursor), **TOKEN)) == ["t5", "t4"]
    assert f"{PAGE}3" not in [url for url, _ in fetch.asked]


@pytest.mark.usefixtures("_token")
def test_an_empty_page_in_the_middle_ends_nothing() -> None:
    fetch = node([topic(5)], [], [topic(4)], [topic(3)])
    batch = collect(fetch, {"threads": {"t3": "moved"}}, **TOKEN)
    assert ids(batch) == ["t5", "t4", "t3"]


@pytest.mark.usefixtures("_token")
def test_the_limit_of_pages_is_told() -> None:
    fetch = node([topic(9)], [topic(8)], **{f"{V2}/topics/1": envelope(topic(1))})
    batch = collect(fetch, {"threads": {"t1": "x"}}, **TOKEN, max_pages=1, url="https://www.v2ex.com/")
    assert batch.notes[0].sign is Sign.GAP


@pytest.mark.usefixtures("_token")
def test_the_past_is_read_page_by_page() -> None:
    made = collector(node([topic(3)], [topic(2)], [topic(1)]), **TOKEN)
    pieces = [made.history({})]
    while pieces[-1].more:
        pieces.append(made.history(pieces[-1].cursor))
    assert [ids(piece) for piece in pieces] == [["t3"], ["t2"], ["t1"]]
    assert pieces[-1].cursor == {"page": 4, "pages": 3, "progress": 1.0}


@pytest.mark.usefixtures("_token")
def test_a_piece_of_the_past_that_broke_off_is_not_passed_over() -> None:
    busy = CollectError("忙", retry_after=60)
    made = collector(node([topic(3)], **{f"{V2}/topics/3": busy}), **TOKEN)
    with pytest.raises(CollectError, match="忙"):
        made.history({})


def test_the_open_interface_has_no_past_and_says_so() -> None:
    batch = collector(forum([topic(1)])).history({})
    assert (ids(batch), batch.more, batch.notes[0].sign) == (["t1"], False, Sign.OTHER)


def test_the_address_must_be_one() -> None:
    with pytest.raises(CollectorNotConfigured) as raised:
        build("v2ex", {"url": "www.v2ex.com"}, FakeFetch({}))
    assert raised.value.option == "url"


@pytest.mark.fuzz
@given(st.data())
@THOROUGH
def test_no_answer_breaks_the_reader(data: st.DataObject) -> None:
    value = data.draw(odd_json(data.draw(st.sampled_from(list(DATA.values())))))
    readers: list[Callable[[], list[Item]]] = [
        lambda: parse_topics(contents_of(value, "p"), READING, "p").items,
        lambda: parse_replies(value, "t1", READING, "p"),
    ]
    for read in readers:
        try:
            items = read()
        except CollectError:
            continue
        assert all(item.external_id and item.text for item in items if isinstance(item, RawPost))
