"""Discuz!: an old charset, items without ids, sentences in place of a feed, and threads page by page."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given

from scrapers.base import Batch, Census, Gone, RawPost, Rejection, Response, Sign
from scrapers.errors import CollectError
from scrapers.kinds.discuz import Discuz
from scrapers.reading.discuz_pages import ThreadPage, parse_rss, parse_thread, parse_threads, thread_name
from scrapers.reading.posts import Reading
from scrapers.registry import build
from tests.scrapers.conftest import NOW, PAYLOADS, ZONE, FakeFetch
from tests.scrapers.forums import DiscuzBoard
from tests.scrapers.forums import discuz_feed as feed
from tests.scrapers.forums import discuz_item as item
from tests.scrapers.forums import discuz_message as message
from tests.scrapers.fuzzing import THOROUGH, mutated

ROOT = "https://www.bbs.example"
RSS = f"{ROOT}/forum.php?mod=rss"
FOLDER = PAYLOADS / "discuz"
FEED = (FOLDER / "rss.xml").read_bytes()
THREAD = (FOLDER / "thread.html").read_bytes()
LIST = (FOLDER / "list.html").read_bytes()
READING = Reading(NOW, ZONE)
GBK_FEED = FEED.replace(b'encoding="utf-8"', b'encoding="gbk"').decode().encode("gbk")


def posts_of(body: bytes, charset: str = "") -> list[RawPost]:
    found = parse_rss(body, READING, place=RSS, charset=charset)
    return [item for item in found if isinstance(item, RawPost)]


def thread(markup: str, page: int = 1) -> ThreadPage:
    return parse_thread(markup, READING, url="x", root=ROOT, thread="5021", page=page)


def collector(fetch: Any, **options: Any) -> Discuz:
    found = build("discuz", {"url": f"{ROOT}/", **options}, fetch)
    assert isinstance(found, Discuz)
    return replace(found, clock=lambda: NOW)


def visit(fetch: Any, before: Batch | None = None, **options: Any) -> Batch:
    cursor = json.loads(json.dumps(before.cursor)) if before else {}
    return collector(fetch, **options).collect(cursor)


def texts(*batches: Batch) -> set[str]:
    return {post.text for batch in batches for post in batch.posts}


def test_a_thread_is_named_by_host_and_number_in_both_forms_of_its_address() -> None:
    free, wipers, roof = posts_of(FEED)
    assert [post.external_id for post in (free, wipers, roof)] == [f"bbs.example/{tid}" for tid in (5021, 5019, 5010)]
    assert (free.thread_id, free.author) == ("5021", "拾柴人")
    assert free.title == '首保 "免费" 收了我三百'
    assert free.text == '说好首保免费，结账单上多了一项“养护套餐”三百块。 问前台，答曰："大家都做的" ...'
    assert (free.created_at, free.zone_assumed) == (datetime(2026, 8, 22, 2, 11, tzinfo=UTC), False)
    assert free.url == f"{ROOT}/forum.php?mod=viewthread&tid=5021"
    assert wipers.url == f"{ROOT}/thread-5019-1-1.html"


@pytest.mark.parametrize(
    ("link", "name"),
    [
        ("https://a.example/forum.php?mod=viewthread&tid=7&extra=page%3D1", "a.example/7"),
        ("https://www.a.example/thread-7-2-1.html", "a.example/7"),
        ("https://a.example/viewthread.php?tid=7", "a.example/7"),
        ("/forum.php?mod=viewthread&tid=7", "bbs.example/7"),
        ("https://a.example/forum-7-1.html", ""),
        ("https://[bad/?tid=7", "bbs.example/7"),
    ],
)
def test_the_number_is_found_in_every_form(link: str, name: str) -> None:
    assert thread_name(link, ROOT) == name


def test_a_thread_whose_words_are_not_shown_has_its_title() -> None:
    wipers = posts_of(FEED)[1]
    assert (wipers.text, wipers.title, wipers.author) == ("求助：雨刮异响", "求助：雨刮异响", "")


@pytest.mark.parametrize("declared", [b"gbk", b"gb2312", b"GB18030", b"utf-8"])
@pytest.mark.parametrize("header", ["", "gbk", "utf-8"])
def test_bytes_are_read_right_whatever_they_are_called(declared: bytes, header: str) -> None:
    body = GBK_FEED.replace(b'encoding="gbk"', b'encoding="' + declared + b'"')
    assert [post.title for post in posts_of(body, header)][1:] == ["求助：雨刮异响", "天窗又漏了"]


def test_utf8_bytes_called_gbk_are_read_right() -> None:
    assert posts_of(FEED.replace(b'"utf-8"', b'"gbk"'), "gbk")[2].author == "大江"


@pytest.mark.parametrize("charset", ["gb18030", "utf-8", "big5"])
def test_half_a_character_swallows_neither_the_bracket_nor_the_next_item(charset: str) -> None:
    words = "車門又壞了，每次都要用力關"
    for cut in range(1, len(words.encode(charset))):
        body = feed(item(2, words.encode(charset)[:cut], "甲".encode(charset)), item(1, words.encode(charset)))
        first, second = posts_of(body.replace(b"gbk", charset.encode()))
        assert second.text == words
        assert words.startswith(first.text) or first.text == "甲"


@pytest.mark.parametrize("said", ["RSS Disabled", "RSS 订阅功能已关闭", "本站未开启 RSS"])
def test_a_sentence_in_place_of_the_feed_is_no_silence(said: str) -> None:
    for body in (said.encode(), said.encode("gbk"), message(f"抱歉，{said}").encode()):
        with pytest.raises(CollectError, match="关闭了 RSS") as raised:
            posts_of(body)
        assert raised.value.permanent


def test_a_forum_that_is_not_there_is_told() -> None:
    with pytest.raises(CollectError, match="没有这个版块") as raised:
        posts_of(b"Specified forum not found")
    assert raised.value.permanent


def test_a_page_in_place_of_the_feed_is_explained() -> None:
    with pytest.raises(CollectError, match="论坛首页的网址") as raised:
        posts_of(LIST)
    assert not raised.value.permanent
    with pytest.raises(CollectError, match="要登录或有权限"):
        posts_of(message("抱歉，您没有权限访问该版块").encode())


def test_the_cache_of_a_board_decides_how_soon_to_come_again() -> None:
    assert visit(FakeFetch({RSS: FEED})).wait == 1800.0


def test_an_empty_feed_is_asked_for_once_more() -> None:
    answers = [feed(), FEED]

    def fetch(url: str, **_: Any) -> Response:
        return Response(url=url, status=200, headers={}, body=answers.pop(0))

    assert len(visit(fetch).posts) == 3
    first = visit(FakeFetch({RSS: FEED}))
    assert [note.sign for note in visit(FakeFetch({RSS: feed()}), first).notes] == [Sign.DOUBTFUL]


def test_a_window_that_moved_on_is_a_gap() -> None:
    first = visit(FakeFetch({RSS: feed(item(4), item(3))}))
    assert visit(FakeFetch({RSS: feed(item(6), item(4))}), first).notes == ()
    assert [note.sign for note in visit(FakeFetch({RSS: feed(item(9), item(8))}), first).notes] == [Sign.GAP]


def test_a_forum_is_asked_for_by_its_number() -> None:
    assert len(visit(FakeFetch({f"{RSS}&fid=37": FEED}), forum="37").posts) == 3


def test_a_page_gives_whole_posts_in_their_authors_own_words() -> None:
    page = thread(THREAD.decode())
    opening, reply, nameless = (item for item in page.items if isinstance(item, RawPost))
    assert (opening.external_id, opening.thread_id, opening.author) == ("bbs.example/5021", "5021", "拾柴人")
    assert opening.title == '首保 "免费" 收了我三百'
    assert opening.text == '说好首保免费，结账单上多了一项“养护套餐”三百块。\n问前台，答曰："大家都做的"'
    assert opening.created_at == datetime(2026, 8, 22, 2, 11, 30, tzinfo=UTC)
    assert opening.edited_at == datetime(2026, 8, 22, 2, 40, tzinfo=UTC)
    assert opening.zone_assumed
    assert (reply.external_id, reply.author, reply.title) == ("bbs.example/5021/70002", "北门", "")
    assert reply.text == "哪家店？我上个月也被加了这一项。"
    assert reply.created_at == datetime(2026, 8, 22, 2, 20, tzinfo=UTC)
    assert (nameless.text, nameless.author) == ("城东那家，别去。", "")
    assert nameless.created_at == datetime(2026, 8, 21, 13, 5, tzinfo=UTC)
    assert (page.pages, page.posts) == (2, 13)


def test_posts_taken_down_are_gone_and_closed_ones_are_told() -> None:
    page = thread(THREAD.decode())
    assert page.gone == [Gone("bbs.example/5021/70004", "页面注明：提示: 作者被禁止或删除 内容自动屏蔽")]
    assert page.items[3] == Rejection("x 第 5 楼", "除了引用、图片和要回复才可见的内容，没有别的文字")
    assert len(page.ids) == 5


def test_the_first_post_of_a_later_page_is_a_reply() -> None:
    first = thread(THREAD.decode(), page=2).items[0]
    assert isinstance(first, RawPost)
    assert (first.external_id, first.title) == ("bbs.example/5021/70001", "")


@pytest.mark.parametrize(
    ("said", "permanent", "status"),
    [
        ("您需要登录后才可以浏览该版块", True, 0),
        ("抱歉，您没有权限访问该版块", True, 0),
        ("抱歉，本帖要求阅读权限高于 20 才能浏览", True, 0),
        ("抱歉，您尚未登錄，無法瀏覽", True, 0),
        ("抱歉，指定的主题不存在或已被删除或正在被审核", False, 404),
        ("站点维护中，请稍候", False, 0),
    ],
)
def test_the_boards_own_words_tell_a_wall_from_a_deletion(said: str, permanent: bool, status: int) -> None:
    with pytest.raises(CollectError, match=said[:4]) as raised:
        thread(message(said))
    assert (raised.value.permanent, raised.value.status) == (permanent, status)


def test_a_page_of_another_make_is_no_wall_for_its_small_login_form() -> None:
    with pytest.raises(CollectError, match="html 类型") as raised:
        thread("<html><form id='lsform'><input type='password'></form><div>帖</div></html>")
    assert not raised.value.permanent
    with pytest.raises(CollectError, match="被拦住") as raised:
        thread("<html><form id='loginform_L1'><input type='password'></form></html>")
    assert raised.value.permanent


def test_a_list_tells_which_threads_moved() -> None:
    assert parse_threads(LIST.decode()) == {"12": "0/", "5021": "12/2026-8-22 11:00"}
    assert parse_threads("<p>没有表格</p>") == {}


def test_without_replies_only_the_feed_is_read() -> None:
    board = DiscuzBoard({1: 5})
    visit(board)
    assert board.asked == ["mod=rss"]


def test_with_replies_whole_threads_are_read() -> None:
    board = DiscuzBoard({1: 25, 2: 1})
    batch = visit(board, replies=True)
    assert texts(batch) == {*(f"帖 {pid}" for pid in range(10_000, 10_025)), "帖 20000"}
    assert {post.thread_id for post in batch.posts} == {"1", "2"}
    assert {post.title for post in batch.posts} == {"题 1", "题 2", ""}
    assert [census.sure for census in batch.censuses] == [True, True]


def test_a_thread_with_a_new_reply_is_read_again() -> None:
    board = DiscuzBoard(dict.fromkeys(range(1, 31), 1))
    batch = visit(board, replies=True, forum=37)
    while batch.more:
        batch = visit(board, batch, replies=True, forum=37)
    board.write(1)
    assert "帖 10001" in texts(visit(board, batch, replies=True, forum=37))


def test_without_a_list_known_threads_have_their_turn() -> None:
    board = DiscuzBoard(dict.fromkeys(range(1, 31), 1))
    batch = visit(board, replies=True)
    while batch.more:
        batch = visit(board, batch, replies=True)
    board.write(15)
    seen = set[str]()
    for _ in range(2):
        batch = visit(board, batch, replies=True)
        seen |= texts(batch)
    assert "帖 150001" in seen


def test_a_long_thread_is_gone_on_with_where_it_was_left() -> None:
    board = DiscuzBoard({1: 12})
    batch = visit(board, replies=True, max_pages=3)
    board.write(1, 130)
    seen, more = texts(batch), True
    while more:
        batch = visit(board, batch, replies=True, forum=37, max_pages=3)
        seen, more = seen | texts(batch), batch.more
    assert seen == {f"帖 {pid}" for pid in board.topics[1]}


def test_of_a_closed_thread_the_excerpt_is_kept() -> None:
    board = DiscuzBoard({1: 3, 2: 3})
    board.shut[1] = "抱歉，本帖要求阅读权限高于 20 才能浏览"
    batch = visit(board, replies=True)
    assert {post.external_id: post.text for post in batch.posts}["bbs.example/1"] == "..."
    assert [note.sign for note in batch.notes] == [Sign.PAGE_FAILED]


def test_a_deleted_thread_is_gone_when_it_is_missing_twice() -> None:
    board = DiscuzBoard({1: 5, 2: 1})
    batch = visit(board, replies=True)
    del board.topics[1]
    told = []
    for _ in range(2):
        batch = visit(board, batch, replies=True)
        told += [census for census in batch.censuses if census.thread_id == "1"]
    assert [(census.sure, census.ids >= {"bbs.example/1"}) for census in told] == [(False, False), (True, False)]


def test_a_list_that_fails_leaves_the_threads_to_their_turn() -> None:
    board = DiscuzBoard({1: 2})

    def fetch(url: str, **more: Any) -> Response:
        if "forumdisplay" in url:
            raise CollectError("忙")
        return board(url)

    batch = visit(fetch, replies=True, forum=37)
    assert (len(batch.posts), [note.sign for note in batch.notes]) == (2, [Sign.PAGE_FAILED])


def test_a_census_names_every_post_also_those_without_words() -> None:
    board = DiscuzBoard({1: 3})
    board.edit(10_001, "<div class='quote'>别人的话</div>")
    batch = visit(board, replies=True)
    names = frozenset({"bbs.example/1", "bbs.example/1/10001", "bbs.example/1/10002"})
    assert batch.censuses == (Census(names, thread_id="1", sure=True),)
    assert len(batch.posts) + len(batch.rejections) == 3


@pytest.mark.parametrize("url", [ROOT, f"{ROOT}/", f"{ROOT}/forum.php", f"{ROOT}/forum.php?mod=rss&fid=2"])
def test_the_root_may_be_written_in_several_ways(url: str) -> None:
    assert collector(FakeFetch({}), url=url).root == ROOT


@pytest.mark.fuzz
@given(mutated(FEED) | mutated(GBK_FEED), mutated(THREAD))
@THOROUGH
def test_no_bytes_break_the_reader(rss: bytes, page: bytes) -> None:
    def fetch(url: str, **_: Any) -> Response:
        body = rss if "mod=rss" in url else LIST if "forumdisplay" in url else page
        return Response(url=url, status=200, headers={}, body=body)

    several: tuple[dict[str, Any], ...] = ({}, {"replies": True, "forum": 37})
    for options in several:
        try:
            batch = visit(fetch, **options)
        except CollectError:
            continue
        json.dumps(batch.cursor)
        assert all(post.external_id and post.text.encode() for post in batch.posts)


@pytest.mark.fuzz
@given(mutated(LIST))
@THOROUGH
def test_no_bytes_break_the_reader_of_lists(body: bytes) -> None:
    assert isinstance(parse_threads(body.decode("utf-8", "replace")), dict)
