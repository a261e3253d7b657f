"""The client against a server that answers slowly, falsely, too much or not at all."""

import gzip
import socket
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from scrapers.addresses import is_public
from scrapers.client import Limits, PoliteClient, Surroundings, shown
from scrapers.errors import CollectError
from tests.scrapers.conftest import Answer, Site, in_turn, say


class FakeTime:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> FakeTime:
    return FakeTime()


@pytest.fixture
def client(clock: FakeTime) -> Iterator[PoliteClient]:
    made = polite(clock)
    yield made
    made.close()


def polite(clock: FakeTime, **limits: float) -> PoliteClient:
    return PoliteClient(
        contact="care@example.com",
        own_hosts=["127.0.0.1"],
        limits=Limits(**limits),  # type: ignore[arg-type]
        surroundings=Surroundings(clock=lambda: clock.now, sleep=clock.sleep, jitter=lambda longest: longest / 2),
    )


def as_stranger(site: Site, clock: FakeTime, **limits: float) -> PoliteClient:
    """A client that finds the loopback server under a public-looking name, so robots and delay apply."""
    client = polite(clock, **limits)
    client._own = frozenset()
    client._sessions[False] = client._sessions[True]
    return client


def drip(pieces: int, pause: float) -> Iterator[bytes]:
    for _ in range(pieces):
        time.sleep(pause)
        yield b"x"


def slow_body(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    try:
        for piece in drip(100, 0.05):
            handler.wfile.write(piece)
    except OSError:
        handler.close_connection = True


def slow_headers(handler: BaseHTTPRequestHandler) -> None:
    try:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        for piece in drip(100, 0.05):
            handler.wfile.write(piece)
    except OSError:
        pass
    handler.close_connection = True


def test_a_page_arrives_with_its_headers(site: Site, client: PoliteClient) -> None:
    site.routes["/a"] = say("你好".encode(), headers={"ETag": '"1"'})
    response = client(f"{site.address}/a", headers={"If-None-Match": '"0"'})
    assert (response.body.decode(), response.status, response.headers["etag"]) == ("你好", 200, '"1"')
    sent = site.asked[0][1]
    assert sent["if-none-match"] == '"0"'
    assert "care@example.com" in sent["user-agent"]


def test_not_modified_is_an_answer(site: Site, client: PoliteClient) -> None:
    site.routes["/a"] = say(b"", status=304)
    assert client(f"{site.address}/a").status == 304


def test_a_server_error_is_tried_again_after_a_growing_pause(site: Site, client: PoliteClient, clock: FakeTime) -> None:
    site.routes["/a"] = in_turn(say(b"", status=500), say(b"", status=502), say(b"ok"))
    assert client(f"{site.address}/a").body == b"ok"
    assert clock.slept == [1.0, 2.0]


def test_a_server_that_stays_broken_is_left_for_later(site: Site, client: PoliteClient) -> None:
    site.routes["/a"] = say(b"", status=503)
    with pytest.raises(CollectError, match="503") as raised:
        client(f"{site.address}/a")
    assert not raised.value.permanent
    assert len(site.asked) == 3


def test_retry_after_is_obeyed_to_the_second(site: Site, client: PoliteClient, clock: FakeTime) -> None:
    site.routes["/a"] = in_turn(say(b"", status=429, headers={"Retry-After": "7"}), say(b"ok"))
    assert client(f"{site.address}/a").body == b"ok"
    assert clock.slept == [7.0]


def test_a_long_retry_after_ends_the_visit(site: Site, client: PoliteClient) -> None:
    site.routes["/a"] = say(b"", status=429, headers={"Retry-After": "3600"})
    with pytest.raises(CollectError) as raised:
        client(f"{site.address}/a")
    assert (raised.value.retry_after, raised.value.status) == (3600, 429)
    with pytest.raises(CollectError, match="秒后再访问"):
        client(f"{site.address}/a")
    assert len(site.asked) == 1


@pytest.mark.parametrize("status", [401, 403, 410, 418, 432, 451])
def test_a_refusal_is_permanent_and_says_what_to_do(site: Site, client: PoliteClient, status: int) -> None:
    site.routes["/a"] = say(b"", status=status)
    with pytest.raises(CollectError, match=rf"{status}.*不会绕过限制") as raised:
        client(f"{site.address}/a")
    assert (raised.value.permanent, raised.value.status) == (True, status)
    assert len(site.asked) == 1


def test_a_missing_page_may_come_back(site: Site, client: PoliteClient) -> None:
    with pytest.raises(CollectError, match="404") as raised:
        client(f"{site.address}/nothing")
    assert (raised.value.permanent, raised.value.status) == (False, 404)


def test_redirects_are_followed_and_end(site: Site, client: PoliteClient) -> None:
    site.routes["/a"] = say(b"", status=302, headers={"Location": "/b"})
    site.routes["/b"] = say(b"here")
    assert client(f"{site.address}/a").url == f"{site.address}/b"
    site.routes["/b"] = say(b"", status=302, headers={"Location": "/a"})
    with pytest.raises(CollectError, match="绕成了圈"):
        client(f"{site.address}/a")


def test_endless_redirects_are_cut(site: Site, client: PoliteClient) -> None:
    for number in range(10):
        site.routes[f"/{number}"] = say(b"", status=301, headers={"Location": f"/{number + 1}"})
    with pytest.raises(CollectError, match="超过 5 次"):
        client(f"{site.address}/0")


def test_a_redirect_to_a_sign_in_page_is_a_wall(site: Site, client: PoliteClient) -> None:
    site.routes["/list"] = say(b"", status=302, headers={"Location": "/user/login?back=/list"})
    with pytest.raises(CollectError, match="登录") as raised:
        client(f"{site.address}/list")
    assert raised.value.permanent


def test_a_redirect_into_a_private_network_is_refused(site: Site, client: PoliteClient) -> None:
    site.routes["/a"] = say(b"", status=302, headers={"Location": "http://169.254.169.254/latest"})
    client._robots.check = lambda url: 0.0  # type: ignore[method-assign]
    with pytest.raises(CollectError, match="内部网络地址") as raised:
        client(f"{site.address}/a")
    assert raised.value.permanent


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f000001", "[::1]", "[::ffff:10.0.0.1]", "0.0.0.0"])
def test_private_addresses_are_refused(host: str, clock: FakeTime) -> None:
    client = PoliteClient(surroundings=Surroundings(clock=lambda: clock.now, sleep=clock.sleep))
    with pytest.raises(CollectError):
        client(f"http://{host}:9/")


def test_a_name_with_one_private_address_among_public_ones_is_refused(clock: FakeTime) -> None:
    world = Surroundings(
        clock=lambda: clock.now, sleep=clock.sleep, find=lambda host, port: ["93.184.216.34", "10.0.0.7"]
    )
    with pytest.raises(CollectError, match=r"10\.0\.0\.7"):
        PoliteClient(surroundings=world)("http://two-faced.example/")


def test_a_name_is_looked_up_once_for_each_connection(monkeypatch: pytest.MonkeyPatch, clock: FakeTime) -> None:
    tried: list[str] = []

    def connect(address: tuple[str, int], *_args: object, **_named: object) -> socket.socket:
        tried.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr("scrapers.addresses.create_connection", connect)
    answers = iter(["93.184.216.34", "127.0.0.1", "127.0.0.1", "127.0.0.1"])
    world = Surroundings(clock=lambda: clock.now, sleep=clock.sleep, find=lambda host, port: [next(answers)])
    with pytest.raises(CollectError):
        PoliteClient(surroundings=world)("http://rebinding.example/")
    assert tried == ["93.184.216.34"]


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("10.1.2.3", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
        ("fe80::1%eth0", False),
        ("2606:4700::1111", True),
        ("x", False),
    ],
)
def test_which_addresses_are_public(address: str, *, public: bool) -> None:
    assert is_public(address) is public


def test_a_body_over_the_limit_is_not_kept(site: Site, clock: FakeTime) -> None:
    site.routes["/a"] = say(b"x" * 5000)
    with pytest.raises(CollectError, match="超过"):
        polite(clock, max_bytes=4000)(f"{site.address}/a")


def test_a_small_download_that_unpacks_large_is_stopped(site: Site, clock: FakeTime) -> None:
    site.routes["/a"] = say(gzip.compress(b"0" * 50_000_000), headers={"Content-Encoding": "gzip"})
    with pytest.raises(CollectError, match="超过 10 MB"):
        polite(clock)(f"{site.address}/a")


def test_packed_bodies_are_unpacked(site: Site, client: PoliteClient) -> None:
    site.routes["/a"] = say(gzip.compress(b"one ") + gzip.compress(b"two"), headers={"Content-Encoding": "gzip"})
    assert client(f"{site.address}/a").body == b"one two"


def test_a_packed_body_that_ends_early_is_tried_again(site: Site, client: PoliteClient) -> None:
    whole = gzip.compress(b"complaint " * 1000)
    packed = {"Content-Encoding": "gzip"}
    site.routes["/a"] = in_turn(say(whole[:20], headers=packed), say(whole, headers=packed))
    assert len(client(f"{site.address}/a").body) == 10_000
    site.routes["/b"] = say(whole[:20], headers=packed)
    with pytest.raises(CollectError, match="不完整"):
        client(f"{site.address}/b")


def test_a_body_shorter_than_announced_is_an_error(site: Site, client: PoliteClient) -> None:
    site.routes["/a"] = say(b"half", length=8)
    with pytest.raises(CollectError, match="断了"):
        client(f"{site.address}/a")


@pytest.mark.parametrize("answer", [slow_body, slow_headers])
def test_a_server_that_drips_is_given_up_in_time(site: Site, clock: FakeTime, answer: Answer) -> None:
    site.routes["/a"] = answer
    began = time.monotonic()
    with pytest.raises(CollectError, match="太慢"):
        polite(clock, total_seconds=0.3, tries=1)(f"{site.address}/a")
    assert time.monotonic() - began < 2


def test_a_host_that_is_not_there_says_so(clock: FakeTime) -> None:
    with pytest.raises(CollectError, match="连接不上"):
        polite(clock)("http://127.0.0.1:1/")


@pytest.mark.parametrize("url", ["ftp://example.com/", "file:///etc/passwd", "example.com", "http://", "http://[", ""])
def test_what_is_no_web_address_is_refused(url: str, client: PoliteClient) -> None:
    with pytest.raises(CollectError, match="网址") as raised:
        client(url)
    assert raised.value.permanent


def test_robots_are_asked_once_and_obeyed(site: Site, clock: FakeTime) -> None:
    site.routes["/robots.txt"] = say(b"User-agent: *\nDisallow: /private\n")
    site.routes["/open"] = say(b"ok")
    client = as_stranger(site, clock)
    assert client(f"{site.address}/open").body == b"ok"
    with pytest.raises(CollectError, match=r"robots\.txt 不允许") as raised:
        client(f"{site.address}/private/1")
    assert raised.value.permanent
    assert site.paths() == ["/robots.txt", "/open"]


def test_robots_are_asked_again_after_a_day(site: Site, clock: FakeTime) -> None:
    site.routes["/open"] = say(b"ok")
    client = as_stranger(site, clock)
    client(f"{site.address}/open")
    clock.now += 24 * 3600
    client(f"{site.address}/open")
    assert site.paths().count("/robots.txt") == 2


def test_a_missing_robots_file_allows_everything(site: Site, clock: FakeTime) -> None:
    site.routes["/open"] = say(b"ok")
    assert as_stranger(site, clock)(f"{site.address}/open").body == b"ok"


def test_a_broken_robots_file_forbids_for_now(site: Site, clock: FakeTime) -> None:
    site.routes["/robots.txt"] = in_turn(say(b"", status=500), say(b""))
    site.routes["/open"] = say(b"ok")
    client = as_stranger(site, clock)
    with pytest.raises(CollectError, match="暂不采集") as raised:
        client(f"{site.address}/open")
    assert not raised.value.permanent
    clock.now += 601
    assert client(f"{site.address}/open").body == b"ok"


def test_one_s_own_site_needs_no_robots(site: Site, client: PoliteClient) -> None:
    site.routes["/robots.txt"] = say(b"User-agent: *\nDisallow: /\n")
    site.routes["/open"] = say(b"ok")
    assert client(f"{site.address}/open").body == b"ok"
    assert site.paths() == ["/open"]


def test_requests_to_one_host_keep_their_distance(site: Site, clock: FakeTime) -> None:
    site.routes["/open"] = say(b"ok")
    client = as_stranger(site, clock, delay=3.0)
    client(f"{site.address}/open")
    client(f"{site.address}/open")
    assert clock.slept == [3.0]


def test_the_site_s_own_pause_is_honoured(site: Site, clock: FakeTime) -> None:
    site.routes["/robots.txt"] = say(b"User-agent: *\nCrawl-delay: 9\n")
    site.routes["/open"] = say(b"ok")
    client = as_stranger(site, clock)
    client(f"{site.address}/open")
    client(f"{site.address}/open")
    assert clock.slept == [9.0]


def test_a_host_can_be_declared_one_s_own_later(site: Site, clock: FakeTime) -> None:
    site.routes["/open"] = say(b"ok")
    stranger = PoliteClient(surroundings=Surroundings(clock=lambda: clock.now, sleep=clock.sleep))
    assert stranger.owning("127.0.0.1")(f"{site.address}/open").body == b"ok"
    with pytest.raises(CollectError, match="内部网络"):
        stranger(f"{site.address}/open")


def test_robots_may_call_a_house_by_its_own_name(site: Site, clock: FakeTime) -> None:
    site.routes["/robots.txt"] = say(b"User-agent: QingheBot\nDisallow: /\n")
    world = Surroundings(clock=lambda: clock.now, sleep=clock.sleep)
    client = PoliteClient(user_agent="QingheBot/2 (青禾汽车)", delay=0.5, own_hosts=["127.0.0.1"], surroundings=world)
    site.routes["/a"] = say(b"ok")
    client(f"{site.address}/a")
    assert site.asked[0][1]["user-agent"].startswith("QingheBot/2 (%E9%9D%92")
    client._own = frozenset()
    client._sessions[False] = client._sessions[True]
    with pytest.raises(CollectError, match="不允许"):
        client(f"{site.address}/a")


def test_cookies_are_not_kept(site: Site, client: PoliteClient) -> None:
    site.routes["/a"] = say(b"", headers={"Set-Cookie": "id=1"})
    client(f"{site.address}/a")
    client(f"{site.address}/a")
    assert "cookie" not in site.asked[1][1]


def test_an_address_is_shown_without_its_secrets() -> None:
    assert shown("https://me:secret@example.com/a?token=1") == "https://example.com/a"
