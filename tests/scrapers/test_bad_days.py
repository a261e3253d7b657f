"""A feed and a JSON interface walked through every bad day: posts arrive, or a person is told why they do not."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from scrapers.base import Batch, Collector, Sign
from scrapers.errors import CollectError
from scrapers.fetching.client import PoliteClient
from scrapers.registry import build
from tests.fixture_server import (
    Answer,
    Site,
    hang_up,
    in_turn,
    limited,
    mislabelled,
    say,
    send_on,
    sign_in_page,
    unless_known,
    zipped,
)
from tests.scrapers.polite import FakeTime, as_stranger, polite

TEXTS = ("门店说等配件，等了一个月。", "方向盘异响，跑了三趟没修好。")
MAKERS: dict[str, Callable[..., str]] = {}


def _maker(write: Callable[..., str]) -> Callable[..., str]:
    MAKERS[write.__name__] = write
    return write


@_maker
def feed(texts: tuple[str, ...] = TEXTS) -> str:
    """An RSS feed."""
    entries = "".join(f"<item><guid>{number}</guid><title>{text}</title></item>" for number, text in enumerate(texts))
    return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>{entries}</channel></rss>'


@_maker
def interface(texts: tuple[str, ...] = TEXTS) -> str:
    """A JSON answer."""
    return json.dumps({"list": [{"id": n, "text": text} for n, text in enumerate(texts)]}, ensure_ascii=False)


OPTIONS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "feed": ("feed", {}),
    "interface": ("json", {"items": "list", "id": "id", "text": "text"}),
}


@pytest.fixture(params=MAKERS)
def name(request: pytest.FixtureRequest) -> str:
    """Each kind in turn."""
    chosen: str = request.param
    return chosen


@pytest.fixture
def clock() -> FakeTime:
    return FakeTime()


def source(name: str, url: str, client: PoliteClient, **more: Any) -> Collector:
    kind, options = OPTIONS[name]
    return build(kind, {"url": url, **options, **more}, client)


def visit(name: str, site: Site, clock: FakeTime, answer: Answer, **limits: Any) -> Batch:
    site.routes["/list"] = answer
    return source(name, f"{site.address}/list", polite(clock, **limits)).collect({})


def words(batch: Batch) -> list[str]:
    return sorted(post.text or post.title for post in batch.posts)


# Days that end well


def _good(body: bytes) -> Answer:
    return say(body, headers={"Content-Type": "text/plain; charset=utf-8"})


STUMBLES: Mapping[str, Callable[[Site, bytes], Answer]] = {
    "errors": lambda _, body: in_turn(say(b"", status=500), say(b"", status=502), _good(body)),
    "overload": lambda _, body: in_turn(say(b"", status=503, headers={"Retry-After": "3"}), _good(body)),
    "limit": lambda _, body: in_turn(limited("12"), _good(body)),
    "limit as 403": lambda _, body: in_turn(limited("12", status=403), _good(body)),
    "silence": lambda site, body: in_turn(site.hang, _good(body)),
    "hanging up": lambda _, body: in_turn(hang_up, _good(body)),
    "half a body": lambda _, body: in_turn(say(body[:40], length=len(body)), _good(body)),
    "half an archive": lambda _, body: in_turn(zipped(body, keep=60), zipped(body)),
    "a longer body than announced": lambda _, body: say(body + b"rest", length=len(body)),
    "no status text": lambda _, body: say(body, status=203),
}


@pytest.mark.parametrize("day", STUMBLES)
def test_posts_arrive_in_spite_of_a_stumble(name: str, site: Site, clock: FakeTime, day: str) -> None:
    answer = STUMBLES[day](site, MAKERS[name]().encode())
    batch = visit(name, site, clock, answer, read_seconds=0.3)
    assert words(batch) == sorted(TEXTS)


def test_gbk_under_the_name_of_utf8_is_read(name: str, site: Site, clock: FakeTime) -> None:
    assert words(visit(name, site, clock, mislabelled(MAKERS[name]()))) == sorted(TEXTS)


def test_posts_are_found_where_the_address_moved(name: str, site: Site, clock: FakeTime) -> None:
    site.routes["/new"] = _good(MAKERS[name]().encode())
    assert words(visit(name, site, clock, send_on("/new", 301))) == sorted(TEXTS)


# Days that must be told


SLOW = ("silence", "dripping headers", "dripping body", "dripping without an end")
FAILURES: Mapping[str, tuple[Callable[[Site], Answer], bool | None, str]] = {
    "errors": (lambda _: say(b"", status=500), False, "返回 500"),
    "silence": (lambda site: site.hang, False, "超时"),
    "dripping headers": (lambda site: site.drip_headers, False, "太慢"),
    "dripping body": (lambda site: site.drip_body, False, "太慢"),
    "dripping without an end": (lambda site: site.drip_endless_body, False, "太慢"),
    "hanging up": (lambda _: hang_up, False, "中途断开"),
    "half a body": (lambda _: say(b"<rss>", length=900), False, "断了"),
    "half an archive": (lambda _: zipped(b"<rss>" * 99, keep=15), False, "不完整"),
    "a bomb": (lambda _: zipped(b" " * 30_000_000), False, "超过"),
    "a loop": (lambda _: send_on("/list"), False, "绕成了圈"),
    "a way inside": (lambda _: send_on("http://10.0.0.7/"), True, "内部网络"),
    "a way to sign in": (lambda _: send_on("/passport/login"), True, "登录"),
    "a sign-in page": (lambda _: sign_in_page(), True, "登录"),
    "a check for humans": (lambda _: say("<html>请完成安全验证</html>".encode()), True, "验证"),
    "a bot wall": (lambda _: say("<html>请完成安全验证</html>".encode(), status=403), True, "机器人"),
    "a teapot": (lambda _: say(b"", status=418), True, "机器人"),
    "a refusal": (lambda _: say(b"", status=403), True, "拒绝访问"),
    "a missing key": (lambda _: say(b"", status=401), True, "登录或有效的密钥"),
    "a deletion": (lambda _: say(b"", status=410), True, "永久删除"),
    "a missing page": (lambda _: say(b"", status=404), False, "不存在"),
    "a long limit": (lambda _: limited("900"), False, "限流"),
    "a sentence": (lambda _: say("RSS 订阅功能已关闭".encode()), None, "不是"),
    "nothing": (lambda _: say(b""), None, "空|不是"),
}


@pytest.mark.parametrize("day", FAILURES)
def test_a_day_without_posts_is_never_silent(name: str, site: Site, clock: FakeTime, day: str) -> None:
    answer, permanent, reason = FAILURES[day]
    short = {"read_seconds": 0.2, "total_seconds": 0.3} if day in SLOW else {}
    with pytest.raises(CollectError, match=reason) as raised:
        visit(name, site, clock, answer(site), tries=2, **short)
    assert permanent is None or raised.value.permanent is permanent
    assert "127.0.0.1" in str(raised.value) or "10.0.0.7" in str(raised.value)


ROBOTS: Mapping[str, tuple[Answer, bool | None]] = {
    "closed": (say(b"User-agent: *\nDisallow: /\n"), True),
    "closed to us": (say(b"User-agent: xianwaimonitor\nDisallow: /list\n\nUser-agent: *\nAllow: /\n"), True),
    "broken": (say(b"", status=503), False),
    "limited": (limited("30"), False),
    "silent": (hang_up, False),
    "open": (say(b"User-agent: *\nDisallow: /other\n"), None),
    "missing": (say(b"", status=404), None),
    "hidden": (sign_in_page(status=403), None),
    "a web page": (sign_in_page(), None),
}


@pytest.mark.parametrize("day", ROBOTS)
def test_a_stranger_s_rules_are_kept(name: str, site: Site, clock: FakeTime, day: str) -> None:
    rules, permanent = ROBOTS[day]
    site.routes.update({"/robots.txt": rules, "/list": _good(MAKERS[name]().encode())})
    stranger = source(name, f"http://forum.example:{site.port}/list", as_stranger(clock))
    if permanent is None:
        assert words(stranger.collect({})) == sorted(TEXTS)
        return
    with pytest.raises(CollectError, match=r"robots\.txt") as raised:
        stranger.collect({})
    assert raised.value.permanent is permanent
    assert "/list" not in site.paths()


# Visit after visit


def test_what_has_not_changed_is_not_sent_again(site: Site, clock: FakeTime) -> None:
    site.routes["/list"] = unless_known(feed().encode(), '"v1"')
    collector = source("feed", f"{site.address}/list", polite(clock))
    first = collector.collect({})
    second = collector.collect(first.cursor)
    assert (len(first.posts), second.posts, second.cursor) == (2, (), first.cursor)
    assert site.asked[1][1]["if-none-match"] == '"v1"'


def _pages(site: Site, *sizes: int) -> list[str]:
    """A listing of pages of these sizes; 0 is a hole. Gives the texts of all posts."""
    texts: list[str] = []
    for number, size in enumerate(sizes, start=1):
        rows = [{"id": f"{number}-{row}", "text": f"第 {number} 页第 {row} 条：一直没人回电"} for row in range(size)]
        texts += [row["text"] for row in rows]
        site.routes[f"/list?p={number}"] = say(json.dumps({"list": rows}).encode())
    return sorted(texts)


def listing(site: Site, clock: FakeTime, **limits: Any) -> Collector:
    paging = {"paging": "page", "page_param": "p", "max_pages": 12}
    return source("interface", f"{site.address}/list", polite(clock, **limits), **paging)


def test_three_blank_pages_in_the_middle_end_no_visit(site: Site, clock: FakeTime) -> None:
    texts = _pages(site, 3, 3, 0, 0, 0, 3, 2, 0, 0, 0, 0)
    assert words(listing(site, clock).collect({})) == texts


def test_a_page_that_fails_is_told_and_read_the_next_time(site: Site, clock: FakeTime) -> None:
    texts = _pages(site, 3, 3, 3, 1, 0, 0, 0, 0)
    third = site.routes["/list?p=3"]
    site.routes["/list?p=3"] = in_turn(say(b"", status=502), say(b"", status=502), third)
    collector = listing(site, clock, tries=2)
    first = collector.collect({})
    assert len(first.posts) == 6
    assert [note.sign for note in first.notes] == [Sign.PAGE_FAILED]
    second = collector.collect(first.cursor)
    assert sorted({*words(first), *words(second)}) == texts


def test_a_host_that_fails_all_day_is_asked_ever_more_rarely(name: str, site: Site, clock: FakeTime) -> None:
    site.routes["/list"] = say(b"", status=500)
    collector = source(name, f"{site.address}/list", polite(clock))
    for _ in range(96):
        with pytest.raises(CollectError, match="127"):
            collector.collect({})
        clock.now += 900
    asked = len(site.asked)
    assert 20 < asked < 60
    site.routes["/list"] = _good(MAKERS[name]().encode())
    clock.now += 3600
    assert words(collector.collect({})) == sorted(TEXTS)
