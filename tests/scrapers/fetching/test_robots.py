"""What robots.txt allows, by RFC 9309."""

import threading
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrapers.base import Response
from scrapers.errors import CollectError
from scrapers.fetching.robots import MAX_BYTES, Robots, parse_robots
from tests.fixture_server import Site, in_turn, say, send_on
from tests.scrapers.polite import FakeTime, as_stranger

AGENT = "XianwaiMonitor"
SITE = "https://forum.example"


@pytest.fixture
def clock() -> FakeTime:
    return FakeTime()


def allows(file: str, path: str) -> bool:
    return parse_robots(file.encode(), AGENT).allows(SITE + path)


# The file


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("/", True), ("/private", False), ("/private/1", False), ("/private/open/1", True), ("/robots.txt", True)],
)
def test_the_longest_match_decides(path: str, *, allowed: bool) -> None:
    assert allows("User-agent: *\nDisallow: /private\nAllow: /private/open/\n", path) is allowed


def test_where_both_are_as_long_the_kinder_rule_holds() -> None:
    assert allows("User-agent: *\nDisallow: /a\nAllow: /a\n", "/a")


@pytest.mark.parametrize(
    ("rule", "path", "matches"),
    [
        ("/帖子/", "/%E5%B8%96%E5%AD%90/1", True),
        ("/%E5%B8%96%E5%AD%90/", "/帖子/1", True),
        ("/%e5%b8%96%e5%ad%90/", "/%E5%B8%96%E5%AD%90/1", True),
        ("/foo/bar/%62%61%7A", "/foo/bar/baz", True),
        ("/foo/bar?baz=http%3A%2F%2Ffoo.bar", "/foo/bar?baz=http%3A%2F%2Ffoo.bar", True),
        ("/a%2Fb", "/a/b", False),
        ("/*.json$", "/latest.json", True),
        ("/*.json$", "/latest.json?page=1", False),
        ("/*?page=", "/latest?page=2", True),
        ("/A", "/a", False),
    ],
)
def test_paths_are_compared_with_their_escapes_and_wildcards(rule: str, path: str, *, matches: bool) -> None:
    assert allows(f"User-agent: *\nDisallow: {rule}\n", path) is not matches


@pytest.mark.parametrize(
    ("line", "ours"),
    [
        ("XianwaiMonitor", True),
        ("xianwaimonitor", True),
        ("XianwaiMonitor/0.1", True),
        ("XianwaiMonitor # the complaint people", True),
        ("Xianwai", False),
        ("X", False),
        ("XianwaiMonitorPlus", False),
    ],
)
def test_a_group_is_ours_when_it_has_our_whole_name(line: str, *, ours: bool) -> None:
    file = f"User-agent: {line}\nDisallow: /ours\n\nUser-agent: *\nDisallow: /all\n"
    assert (allows(file, "/ours"), allows(file, "/all")) == (not ours, ours)


def test_our_groups_are_one_and_those_of_all_do_not_add_to_them() -> None:
    ours = "User-agent: XianwaiMonitor\nDisallow: /a\n\n", "User-agent: xianwaimonitor\nDisallow: /b\n"
    file = "User-agent: *\nDisallow: /\n\n".join(ours)
    assert [allows(file, path) for path in ("/a", "/b", "/c")] == [False, False, True]


def test_a_group_may_name_several() -> None:
    file = "User-agent: OtherBot\nUser-agent: XianwaiMonitor\nDisallow: /x\nCrawl-delay: 4\n"
    assert not allows(file, "/x")
    assert parse_robots(file.encode(), AGENT).pause == 4


@pytest.mark.parametrize("ending", ["\r\n", "\r", "\n"])
def test_lines_end_in_any_way_and_a_mark_at_the_beginning_is_no_letter(ending: str) -> None:
    file = f"User-agent: *{ending}Disallow: /x{ending}".encode("utf-8-sig")
    assert not parse_robots(file, AGENT).allows(f"{SITE}/x")


@pytest.mark.parametrize("value", ["soon", "-3", "inf", "nan", ""])
def test_a_pause_that_is_none_is_none(value: str) -> None:
    assert parse_robots(f"User-agent: *\nCrawl-delay: {value}\n".encode(), AGENT).pause == 0


@pytest.mark.parametrize(
    "body", [b"", b"\x00\xff" * 50, b"<html><body>404</body></html>", "全站禁止".encode("gb18030")]
)
def test_what_is_no_rule_forbids_nothing(body: bytes) -> None:
    assert parse_robots(body, AGENT).allows(f"{SITE}/a")


def test_half_a_megabyte_is_read_and_a_line_cut_there_is_not_taken_for_a_rule() -> None:
    head = b"User-agent: *\n"
    late = b"Disallow: /late\n"
    filling = b"#" * (MAX_BYTES - len(head) - len(late) - len(b"Disallow: /") - 1) + b"\n"
    file = head + filling + late + b"Disallow: /cut/off/here\n"
    rules = parse_robots(file[:MAX_BYTES], AGENT)
    assert not rules.allows(f"{SITE}/late")
    assert rules.allows(f"{SITE}/other")


_LINES = st.lists(
    st.sampled_from(["User-agent: *", "User-agent: XianwaiMonitor", "Disallow: /", "Allow: /a*b$", "Crawl-delay: 3"])
    | st.text(max_size=30),
    max_size=12,
)


@pytest.mark.fuzz
@given(
    st.binary(max_size=120) | _LINES.map(lambda lines: "\n".join(lines).encode("utf-8", "replace")),
    st.text(max_size=30),
)
@settings(max_examples=10_000, deadline=None)
def test_no_file_and_no_path_break_the_reader(body: bytes, path: str) -> None:
    rules = parse_robots(body, AGENT)
    assert rules.allows(f"{SITE}/{path}") in {True, False}
    assert rules.pause >= 0


# Asking for it


def test_robots_are_asked_once_and_obeyed(site: Site, clock: FakeTime) -> None:
    site.routes["/robots.txt"] = say(b"User-agent: *\nDisallow: /private\n")
    site.routes["/open"] = say(b"ok")
    client = as_stranger(clock)
    assert client(f"{site.address}/open").body == b"ok"
    with pytest.raises(CollectError, match=r"robots\.txt 不允许采集 /private/1，已遵从") as raised:
        client(f"{site.address}/private/1")
    assert raised.value.permanent
    assert site.paths() == ["/robots.txt", "/open"]


def test_robots_are_asked_again_after_a_day_and_not_before(site: Site, clock: FakeTime) -> None:
    site.routes["/open"] = say(b"ok")
    client = as_stranger(clock)
    client(f"{site.address}/open")
    clock.now += 24 * 3600 - 10
    client(f"{site.address}/open")
    assert site.paths().count("/robots.txt") == 1
    clock.now += 10
    client(f"{site.address}/open")
    assert site.paths().count("/robots.txt") == 2


def test_a_clock_that_was_set_back_makes_no_rule_older_than_a_day(clock: FakeTime) -> None:
    asked: list[str] = []
    robots = robots_over(clock, lambda url: asked.append(url) or answer(404))  # type: ignore[func-returns-value]
    robots.check(f"{SITE}/a")
    clock.now -= 3600
    robots.check(f"{SITE}/a")
    assert len(asked) == 2


def answer(status: int, body: bytes = b"", **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(url=f"{SITE}/robots.txt", status=status, headers=named, body=body)


def robots_over(clock: FakeTime, ask: Callable[[str], Response]) -> Robots:
    return Robots(ask, agent=AGENT, clock=lambda: clock.now)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_a_file_that_is_refused_allows_everything(clock: FakeTime, status: int) -> None:
    assert robots_over(clock, lambda _: answer(status, b"User-agent: *\nDisallow: /\n")).check(f"{SITE}/a") == 0


@pytest.mark.parametrize(
    ("first", "pause"),
    [
        (answer(500), 600),
        (answer(503, retry_after="40"), 40),
        (answer(429), 600),
        (answer(429, retry_after="3600"), 3600),
    ],
)
def test_a_file_that_cannot_be_given_forbids_for_now(clock: FakeTime, first: Response, pause: float) -> None:
    answers = iter([first, answer(200, b"")])
    robots = robots_over(clock, lambda _: next(answers))
    with pytest.raises(CollectError, match="按规则暂不采集") as raised:
        robots.check(f"{SITE}/a")
    assert (raised.value.permanent, raised.value.retry_after) == (False, pause)
    clock.now += pause - 1
    with pytest.raises(CollectError, match="暂不采集"):
        robots.check(f"{SITE}/a")
    clock.now += 1
    assert robots.check(f"{SITE}/a") == 0


def test_a_site_that_cannot_be_reached_forbids_for_now(clock: FakeTime) -> None:
    with pytest.raises(CollectError, match=r"读不到 http://127\.0\.0\.1:1/robots\.txt.*暂不采集") as raised:
        as_stranger(clock)("http://127.0.0.1:1/a")
    assert (raised.value.permanent, raised.value.retry_after) == (False, 600)


def test_five_redirects_are_followed_also_to_another_host(site: Site, clock: FakeTime) -> None:
    site.routes["/robots.txt"] = send_on(f"http://rules.example:{site.port}/1")
    for number in range(1, 4):
        site.routes[f"/{number}"] = send_on(f"/{number + 1}", 301)
    site.routes["/4"] = send_on("/rules")
    site.routes["/rules"] = say(b"User-agent: *\nDisallow: /private\n")
    with pytest.raises(CollectError, match="不允许采集 /private"):
        as_stranger(clock)(f"http://shop.example:{site.port}/private")


def test_a_sixth_redirect_counts_as_no_file(site: Site, clock: FakeTime) -> None:
    site.routes["/robots.txt"] = send_on("/robots.txt")
    site.routes["/open"] = say(b"ok")
    assert as_stranger(clock)(f"{site.address}/open").body == b"ok"
    assert site.paths().count("/robots.txt") == 6


def test_rules_that_lie_out_of_reach_forbid_for_now(site: Site, clock: FakeTime) -> None:
    site.routes["/robots.txt"] = send_on("ftp://rules.example/robots.txt")
    with pytest.raises(CollectError, match="暂不采集") as raised:
        as_stranger(clock)(f"{site.address}/open")
    assert not raised.value.permanent


def test_each_scheme_and_port_has_its_own_rules(clock: FakeTime) -> None:
    asked: list[str] = []
    robots = robots_over(clock, lambda url: asked.append(url) or answer(404))  # type: ignore[func-returns-value]
    for place in ("https://a.example", "https://me:pw@A.example", "http://a.example", "https://a.example:8443"):
        robots.check(f"{place}/x")
    assert asked == [
        f"{place}/robots.txt" for place in ("https://a.example", "http://a.example", "https://a.example:8443")
    ]


def test_threads_that_need_the_same_rules_ask_once(clock: FakeTime) -> None:
    asked: list[str] = []
    together = threading.Barrier(4)

    def ask(url: str) -> Response:
        asked.append(url)
        return answer(404)

    robots = robots_over(clock, ask)

    def check() -> None:
        together.wait(10)
        robots.check(f"{SITE}/a")

    threads = [threading.Thread(target=check) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asked) == 1


def test_only_so_many_sites_are_remembered(clock: FakeTime) -> None:
    robots = robots_over(clock, lambda _: answer(404))
    for number in range(1200):
        robots.check(f"https://{number}.example/")
    assert (len(robots._known), len(robots._reading)) == (1000, 1000)


def test_a_file_larger_than_we_read_is_no_error(site: Site, clock: FakeTime) -> None:
    site.routes["/robots.txt"] = say(b"User-agent: *\nDisallow: /private\n" + b"# filling\n" * 80_000)
    site.routes["/open"] = say(b"ok")
    client = as_stranger(clock)
    assert client(f"{site.address}/open").body == b"ok"
    with pytest.raises(CollectError, match="不允许"):
        client(f"{site.address}/private")


def test_robots_may_call_a_house_by_its_own_name(site: Site, clock: FakeTime) -> None:
    site.routes["/robots.txt"] = say(b"User-agent: QingheBot\nDisallow: /\n")
    site.routes["/a"] = say(b"ok")
    assert as_stranger(clock)(f"{site.address}/a").body == b"ok"
    with pytest.raises(CollectError, match="不允许"):
        as_stranger(clock, user_agent="QingheBot/2 (青禾汽车)")(f"{site.address}/a")


def test_reading_by_sending_obeys_and_signing_in_with_what_the_site_gave_out_does_not(
    site: Site, clock: FakeTime
) -> None:
    site.routes["/robots.txt"] = say(b"User-agent: *\nDisallow: /\n")
    site.routes["/token"] = in_turn(say(b"{}"))
    client = as_stranger(clock)
    with pytest.raises(CollectError, match="不允许"):
        client(f"{site.address}/token", data=b"q")
    assert client(f"{site.address}/token", data=b"q", headers={"Authorization": "Basic eA=="}).body == b"{}"
    with pytest.raises(CollectError, match="不允许"):
        client(f"{site.address}/token", headers={"Authorization": "Bearer x"})
