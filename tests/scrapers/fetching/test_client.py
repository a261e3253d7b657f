"""The client against a server that answers slowly, falsely, too much or not at all."""

import gzip
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
import requests

from scrapers.errors import CollectError
from scrapers.fetching.client import Limits, PoliteClient, Surroundings
from tests.fixture_server import Site, hang_up, in_turn, limited, say, send_on, zipped
from tests.scrapers.polite import FakeTime, as_stranger, polite


@pytest.fixture
def clock() -> FakeTime:
    return FakeTime()


@pytest.fixture
def client(clock: FakeTime) -> Iterator[PoliteClient]:
    made = polite(clock)
    yield made
    made.close()


def test_a_page_arrives_with_its_headers(site: Site, client: PoliteClient) -> None:
    site.routes["/a"] = say("你好".encode(), headers={"ETag": '"1"'})
    response = client(f"{site.address}/a", headers={"If-None-Match": '"0"'})
    assert (response.body.decode(), response.status, response.headers["etag"]) == ("你好", 200, '"1"')
    assert site.asked[0][1]["if-none-match"] == '"0"'


def test_we_say_who_we_are_and_whom_to_write_to(site: Site, clock: FakeTime) -> None:
    site.routes["/a"] = say(b"")
    named = {"contact": "care@example.com", "own_hosts": ["127.0.0.1"], "surroundings": clock.world()}
    for agent in ("", "QingheBot/2 (青禾汽车)", "QingheBot/2 (care@example.com)"):
        PoliteClient(user_agent=agent, **named)(f"{site.address}/a")  # type: ignore[arg-type]
    assert [headers["user-agent"] for _, headers in site.asked] == [
        "XianwaiMonitor/1 (contact: care@example.com)",
        "QingheBot/2 (%E9%9D%92%E7%A6%BE%E6%B1%BD%E8%BD%A6) (contact: care@example.com)",
        "QingheBot/2 (care@example.com)",
    ]


def test_not_modified_is_an_answer(site: Site, client: PoliteClient) -> None:
    site.routes["/a"] = say(b"", status=304)
    assert client(f"{site.address}/a").status == 304


def test_no_line_is_kept_open_between_requests(site: Site, client: PoliteClient) -> None:
    site.routes["/a"] = say(b"")
    client(f"{site.address}/a")
    assert site.asked[0][1]["connection"] == "close"


def test_cookies_are_not_kept(site: Site, client: PoliteClient) -> None:
    site.routes["/a"] = say(b"", headers={"Set-Cookie": "id=1"})
    client(f"{site.address}/a")
    client(f"{site.address}/a")
    assert "cookie" not in site.asked[1][1]


def test_no_proxy_is_asked_and_certificates_are_checked(
    site: Site, client: PoliteClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    site.routes["/a"] = say(b"ok")
    assert client(f"{site.address}/a").body == b"ok"
    assert all(session.verify for session in client._sessions.values())


# Once more


def test_a_server_error_is_tried_again_after_a_growing_pause(site: Site, client: PoliteClient, clock: FakeTime) -> None:
    site.routes["/a"] = in_turn(say(b"", status=500), say(b"", status=502), say(b"ok"))
    assert client(f"{site.address}/a").body == b"ok"
    assert clock.slept == [1.0, 2.0]


def test_the_pause_is_left_to_chance_between_nothing_and_its_length(site: Site) -> None:
    clock, asked = FakeTime(), list[float]()

    def chance(longest: float) -> float:
        asked.append(longest)
        return 0.25

    world = Surroundings(clock=lambda: clock.now, sleep=clock.sleep, jitter=chance)
    site.routes["/a"] = say(b"", status=500)
    with pytest.raises(CollectError):
        PoliteClient(own_hosts=["127.0.0.1"], limits=Limits(tries=4), surroundings=world)(f"{site.address}/a")
    assert (asked, clock.slept) == ([2.0, 4.0, 8.0], [0.25, 0.25, 0.25])


def test_a_server_that_stays_broken_is_left_for_later(site: Site, client: PoliteClient) -> None:
    site.routes["/a"] = say(b"", status=503)
    with pytest.raises(CollectError, match="503") as raised:
        client(f"{site.address}/a")
    assert not raised.value.permanent
    assert len(site.asked) == 3


def test_a_server_that_hangs_up_is_tried_again(site: Site, client: PoliteClient) -> None:
    site.routes["/a"] = in_turn(hang_up, say(b"ok"))
    assert client(f"{site.address}/a").body == b"ok"


def test_retry_after_is_obeyed_to_the_second(site: Site, client: PoliteClient, clock: FakeTime) -> None:
    site.routes["/a"] = in_turn(limited("7"), say(b"ok"))
    assert client(f"{site.address}/a").body == b"ok"
    assert clock.slept == [7.0]


def test_a_retry_after_of_nothing_still_makes_a_pause(site: Site, client: PoliteClient, clock: FakeTime) -> None:
    site.routes["/a"] = in_turn(limited("0"), say(b"ok"))
    client(f"{site.address}/a")
    assert clock.slept == [1.0]


def test_a_long_retry_after_ends_the_visit_and_holds_for_every_page_of_the_host(
    site: Site, client: PoliteClient
) -> None:
    site.routes["/a"] = limited("3600")
    with pytest.raises(CollectError) as raised:
        client(f"{site.address}/a")
    assert raised.value.retry_after == 3600
    with pytest.raises(CollectError, match="秒后再访问"):
        client(f"{site.address}/b")
    assert len(site.asked) == 1


@pytest.mark.parametrize("status", [401, 403, 410, 418, 432, 451])
def test_a_refusal_is_permanent_and_asked_for_once(site: Site, client: PoliteClient, status: int) -> None:
    site.routes["/a"] = say(b"", status=status)
    with pytest.raises(CollectError, match=str(status)) as raised:
        client(f"{site.address}/a")
    assert (raised.value.permanent, raised.value.status) == (True, status)
    assert len(site.asked) == 1


def test_a_missing_page_may_come_back(site: Site, client: PoliteClient) -> None:
    with pytest.raises(CollectError, match="404") as raised:
        client(f"{site.address}/nothing")
    assert not raised.value.permanent


# Redirects


def test_redirects_are_followed_and_end(site: Site, client: PoliteClient) -> None:
    site.routes["/a"] = send_on("/b")
    site.routes["/b"] = say(b"here")
    assert client(f"{site.address}/a").url == f"{site.address}/b"
    site.routes["/b"] = send_on("/a")
    with pytest.raises(CollectError, match="绕成了圈"):
        client(f"{site.address}/a")


def test_endless_redirects_are_cut(site: Site, client: PoliteClient) -> None:
    for number in range(10):
        site.routes[f"/{number}"] = send_on(f"/{number + 1}", 301)
    with pytest.raises(CollectError, match="超过 5 次"):
        client(f"{site.address}/0")
    assert len(site.asked) == 6


@pytest.mark.parametrize(
    ("statuses", "moved_to"), [((301,), "/1"), ((308, 301), "/2"), ((301, 302), "/1"), ((302, 301), ""), ((307,), "")]
)
def test_an_address_that_moved_for_good_is_told(
    site: Site, client: PoliteClient, statuses: tuple[int, ...], moved_to: str
) -> None:
    for number, status in enumerate(statuses):
        site.routes[f"/{number}"] = send_on(f"/{number + 1}", status)
    site.routes[f"/{len(statuses)}"] = say(b"here")
    response = client(f"{site.address}/0")
    assert (response.moved_to, response.body) == (site.address + moved_to if moved_to else "", b"here")


def test_a_redirect_to_a_sign_in_page_is_a_wall(site: Site, client: PoliteClient) -> None:
    site.routes["/list"] = send_on("/user/login?back=/list")
    with pytest.raises(CollectError, match="登录") as raised:
        client(f"{site.address}/list")
    assert raised.value.permanent
    assert site.paths() == ["/list"]


def test_a_redirect_into_a_private_network_is_refused(site: Site, client: PoliteClient) -> None:
    site.routes["/a"] = send_on("http://10.0.0.7/latest")
    client._robots.check = lambda url: 0.0  # type: ignore[method-assign]
    with pytest.raises(CollectError, match="内部网络地址") as raised:
        client(f"{site.address}/a")
    assert raised.value.permanent


def test_what_is_meant_for_one_site_is_not_shown_to_another(site: Site, clock: FakeTime) -> None:
    site.routes["/a"] = send_on(f"http://other.example:{site.port}/b")
    site.routes["/b"] = say(b"there")
    secret = {"Authorization": "Bearer k", "If-None-Match": '"1"', "Accept": "application/json"}
    assert as_stranger(clock)(f"http://shop.example:{site.port}/a", headers=secret).body == b"there"
    path, sent = site.asked[-1]
    assert (path, sent["accept"]) == ("/b", "application/json")
    assert not {"authorization", "if-none-match"} & set(sent)


# Sending


def test_what_is_sent_arrives(site: Site, client: PoliteClient) -> None:
    site.routes["/token"] = say(b'{"ok": true}')
    response = client(f"{site.address}/token", headers={"Content-Type": "application/json"}, data=b'{"a": 1}')
    assert (response.body, site.sent) == (b'{"ok": true}', [b'{"a": 1}'])


@pytest.mark.parametrize(
    ("first", "times"), [(limited("1"), 2), (say(b"", status=503), 2), (say(b"", status=500), 1), (hang_up, 1)]
)
def test_what_may_have_been_taken_in_is_not_sent_twice(
    site: Site, client: PoliteClient, first: object, times: int
) -> None:
    site.routes["/token"] = in_turn(first, say(b"ok"))  # type: ignore[arg-type]
    with suppress(CollectError):
        client(f"{site.address}/token", data=b"once")
    assert len(site.sent) == times


def test_what_never_reached_a_server_is_sent_again(clock: FakeTime) -> None:
    with pytest.raises(CollectError, match="连接不上"):
        polite(clock)("http://127.0.0.1:1/token", data=b"x")
    assert len(clock.slept) == 2


def test_what_is_sent_is_carried_on_within_its_site_only(site: Site, client: PoliteClient) -> None:
    site.routes["/old"] = send_on("/new", 307)
    site.routes["/done"] = send_on("/new", 303)
    site.routes["/away"] = send_on(f"http://localhost:{site.port}/new", 308)
    site.routes["/new"] = say(b"ok")
    assert client(f"{site.address}/old", data=b"x").body == b"ok"
    assert site.sent == [b"x", b"x"]
    assert client(f"{site.address}/done", data=b"y").body == b"ok"
    assert site.sent[2:] == [b"y"]
    with pytest.raises(CollectError, match="另一个网站") as raised:
        client(f"{site.address}/away", data=b"z")
    assert raised.value.permanent
    assert site.paths()[-1] == "/away"


def test_a_secret_that_no_header_can_hold_is_named(site: Site, client: PoliteClient) -> None:
    for wrong in ("密钥", "a\nb"):
        with pytest.raises(CollectError, match="请求头里有不能发送的字符") as raised:
            client(f"{site.address}/a", headers={"Authorization": wrong})
        assert raised.value.permanent


# Size and time


def test_a_body_over_the_limit_is_not_kept(site: Site, clock: FakeTime) -> None:
    site.routes["/a"] = say(b"x" * 5000)
    with pytest.raises(CollectError, match="超过"):
        polite(clock, max_bytes=4000)(f"{site.address}/a")


def test_a_small_download_that_unpacks_large_is_stopped(site: Site, client: PoliteClient) -> None:
    site.routes["/a"] = zipped(b"0" * 50_000_000)
    with pytest.raises(CollectError, match="超过 10 MB"):
        client(f"{site.address}/a")


def test_packed_bodies_are_unpacked(site: Site, client: PoliteClient) -> None:
    site.routes["/a"] = say(gzip.compress(b"one ") + gzip.compress(b"two"), headers={"Content-Encoding": "gzip"})
    assert client(f"{site.address}/a").body == b"one two"


def test_a_packed_body_that_ends_early_is_tried_again(site: Site, client: PoliteClient) -> None:
    site.routes["/a"] = in_turn(zipped(b"complaint " * 1000, keep=20), zipped(b"complaint " * 1000))
    assert len(client(f"{site.address}/a").body) == 10_000
    site.routes["/b"] = zipped(b"complaint " * 1000, keep=20)
    with pytest.raises(CollectError, match="不完整"):
        client(f"{site.address}/b")


def test_a_body_shorter_than_announced_is_an_error(site: Site, client: PoliteClient) -> None:
    site.routes["/a"] = say(b"half", length=8)
    with pytest.raises(CollectError, match="断了"):
        client(f"{site.address}/a")


@pytest.mark.parametrize("way", ["drip_headers", "drip_body", "drip_endless_body"])
def test_a_server_that_drips_is_given_up_in_time_and_not_asked_again(site: Site, clock: FakeTime, way: str) -> None:
    site.routes["/a"] = getattr(site, way)
    began = time.monotonic()
    with pytest.raises(CollectError, match="太慢"):
        polite(clock, total_seconds=0.2)(f"{site.address}/a")
    assert time.monotonic() - began < 2
    assert len(site.asked) == 1


def test_a_server_that_never_answers_is_given_up(site: Site, clock: FakeTime) -> None:
    site.routes["/a"] = site.hang
    with pytest.raises(CollectError, match="超时"):
        polite(clock, read_seconds=0.1, tries=2)(f"{site.address}/a")
    assert len(site.asked) == 2


# A host that keeps failing


def test_a_host_that_keeps_failing_is_left_alone_and_then_tried_once(
    site: Site, client: PoliteClient, clock: FakeTime
) -> None:
    site.routes["/a"] = say(b"", status=500)
    with pytest.raises(CollectError, match="返回 500"):
        client(f"{site.address}/a")
    with pytest.raises(CollectError, match="返回 500") as raised:
        client(f"{site.address}/a")
    rest = raised.value.retry_after or 0.0
    assert (len(site.asked), 30 <= rest <= 60) == (5, True)
    with pytest.raises(CollectError, match="连续 5 次没有正常回应"):
        client(f"{site.address}/b")
    assert len(site.asked) == 5
    clock.now += rest
    with pytest.raises(CollectError, match="返回 500"):
        client(f"{site.address}/a")
    assert len(site.asked) == 6
    clock.now += 3600
    site.routes["/a"] = say(b"ok")
    assert [client(f"{site.address}/a").body for _ in range(2)] == [b"ok", b"ok"]


@pytest.mark.parametrize("way", ["hang_up", "hang", "drip_body", "half"])
def test_not_answering_is_a_failure_too(site: Site, clock: FakeTime, way: str) -> None:
    ways = {"hang_up": hang_up, "hang": site.hang, "drip_body": site.drip_body, "half": say(b"half", length=9)}
    site.routes["/a"] = ways[way]
    client = polite(clock, tries=1, read_seconds=0.05, total_seconds=0.1)
    for _ in range(5):
        with pytest.raises(CollectError):
            client(f"{site.address}/a")
    with pytest.raises(CollectError, match="连续 5 次"):
        client(f"{site.address}/a")
    assert len(site.asked) == 5


def test_a_page_that_is_missing_is_no_failure_of_its_host(site: Site, client: PoliteClient) -> None:
    for _ in range(6):
        with pytest.raises(CollectError, match="404"):
            client(f"{site.address}/nothing")


# Turns


def test_requests_to_one_host_keep_their_distance_and_robots_are_one_of_them(site: Site, clock: FakeTime) -> None:
    site.routes["/open"] = say(b"ok")
    client = as_stranger(clock, delay=3.0)
    client(f"{site.address}/open")
    client(f"{site.address}/open")
    assert clock.slept == [3.0, 3.0]


def test_the_site_s_own_pause_is_honoured(site: Site, clock: FakeTime) -> None:
    site.routes["/robots.txt"] = say(b"User-agent: *\nCrawl-delay: 9\n")
    site.routes["/open"] = say(b"ok")
    client = as_stranger(clock)
    for _ in range(3):
        client(f"{site.address}/open")
    assert clock.slept == [1.0, 9.0, 9.0]


def test_a_pause_of_a_minute_is_waited_for_and_a_longer_one_ends_the_visit(site: Site, clock: FakeTime) -> None:
    site.routes["/open"] = say(b"ok")
    for pause, waited in ((60, True), (61, False)):
        site.routes["/robots.txt"] = say(f"User-agent: *\nCrawl-delay: {pause}\n".encode())
        client = as_stranger(clock)
        client(f"{site.address}/open")
        if waited:
            client(f"{site.address}/open")
            continue
        with pytest.raises(CollectError, match="61 秒后再访问") as raised:
            client(f"{site.address}/open")
        assert raised.value.retry_after == 61


def test_threads_go_to_one_host_one_after_the_other(site: Site, client: PoliteClient) -> None:
    site.routes["/a"] = site.think(b"ok", 0.01)
    threads = [threading.Thread(target=lambda: client(f"{site.address}/a")) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(site.asked), site.busiest["127.0.0.1"]) == (6, 1)


def test_no_more_lines_are_open_than_allowed() -> None:
    site = Site(hosts=True)
    hosts = [f"127.0.0.{number}" for number in range(1, 11)]
    client = polite(FakeTime(), own_hosts=hosts, connections=3)
    site.routes["/a"] = site.think(b"ok", 0.03)
    threads = [threading.Thread(target=lambda host=host: client(f"http://{host}:{site.port}/a")) for host in hosts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    site.close()
    assert len(site.asked) == 10
    assert 1 < site.busiest["all"] <= 3


# Whose site it is


def test_one_s_own_site_needs_no_robots_and_no_pause(site: Site, client: PoliteClient, clock: FakeTime) -> None:
    site.routes["/robots.txt"] = say(b"User-agent: *\nDisallow: /\n")
    site.routes["/open"] = say(b"ok")
    assert [client(f"{site.address}/open").body for _ in range(2)] == [b"ok", b"ok"]
    assert (site.paths(), clock.slept) == (["/open", "/open"], [])


def test_a_host_can_be_declared_one_s_own_later(site: Site, clock: FakeTime) -> None:
    site.routes["/open"] = say(b"ok")
    stranger = PoliteClient(surroundings=clock.world())
    assert stranger.owning("127.0.0.1")(f"{site.address}/open").body == b"ok"
    with pytest.raises(CollectError, match="内部网络"):
        stranger(f"{site.address}/open")


@pytest.mark.parametrize("url", ["ftp://example.com/", "file:///etc/passwd", "example.com", "http://", "http://[", ""])
def test_what_is_no_web_address_is_refused(url: str, client: PoliteClient) -> None:
    with pytest.raises(CollectError, match="网址") as raised:
        client(url)
    assert raised.value.permanent


def test_a_certificate_that_nobody_vouches_for_is_told_as_such(
    client: PoliteClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object, **_named: object) -> None:
        raise requests.exceptions.SSLError("certificate verify failed")

    monkeypatch.setattr(client._sessions[True], "request", fail)
    with pytest.raises(CollectError, match="安全证书有问题"):
        client("https://127.0.0.1/")
