"""Which addresses are open to us, and that the one checked is the one connected to."""

import socket

import pytest

from scrapers.errors import CollectError
from scrapers.fetching.addresses import is_public, only_public, own_network
from scrapers.fetching.client import PoliteClient, Surroundings
from tests.scrapers.polite import FakeTime

METADATA = ["169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192"]


@pytest.fixture
def clock() -> FakeTime:
    return FakeTime()


@pytest.mark.parametrize("address", ["8.8.8.8", "223.5.5.5", "2606:4700::1111", "64:ff9b::808:808", "2002:808:808::1"])
def test_the_open_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *METADATA,
        "10.1.2.3", "172.16.0.1", "192.168.1.1", "127.0.0.1", "127.9.9.9", "0.0.0.0", "0.1.2.3", "100.64.0.1",
        "169.254.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
        "::1", "::", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "2001:db8::1", "100::1", "2001::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1",
        "2002:a00:1::", "2002:7f00:1::1", "::7f00:1", "::a00:1", "4000::1",
        "x", "",
    ],
)  # fmt: skip
def test_what_is_private_reserved_or_dressed_up_is_not(address: str) -> None:
    assert not is_public(address)


def test_one_private_address_among_public_ones_is_enough() -> None:
    only_public("a.example", ["8.8.8.8"])
    with pytest.raises(CollectError, match=r"10\.0\.0\.7.*own_site=true.*own_reason") as raised:
        only_public("a.example", ["8.8.8.8", "10.0.0.7"])
    assert raised.value.permanent


def test_one_s_own_site_may_lie_inside_but_not_where_a_cloud_keeps_its_secrets() -> None:
    own_network("intra.example", ["10.0.0.7", "127.0.0.1", "fd12::1", "192.168.1.9"])
    for address in [*METADATA, "169.254.170.2", "fe80::1", "::ffff:169.254.169.254"]:
        with pytest.raises(CollectError, match="云主机的内部服务地址") as raised:
            own_network("intra.example", ["10.0.0.7", address])
        assert raised.value.permanent


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "0x7f000001", "2130706433", "127.1", "[::1]", "[::ffff:10.0.0.1]", "0.0.0.0",
     "169.254.169.254", "[fd00:ec2::254]"],
)  # fmt: skip
def test_private_addresses_are_refused_however_they_are_written(host: str, clock: FakeTime) -> None:
    with pytest.raises(CollectError, match="内部网络地址") as raised:
        PoliteClient(surroundings=clock.world())(f"http://{host}:9/")
    assert raised.value.permanent


def client_finding(clock: FakeTime, *answers: list[str]) -> PoliteClient:
    """A client whose resolver gives one answer after the other."""
    following = iter(answers)
    world = clock.world()
    return PoliteClient(
        surroundings=Surroundings(
            clock=world.clock, sleep=world.sleep, jitter=world.jitter, find=lambda _host, _port: next(following)
        )
    )


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that were connected to; none answers."""
    found: list[str] = []

    def connect(address: tuple[str, int], *_args: object, **_named: object) -> socket.socket:
        found.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr("scrapers.fetching.addresses.create_connection", connect)
    return found


def test_a_second_answer_of_the_resolver_slips_nobody_past_the_check(clock: FakeTime, tried: list[str]) -> None:
    client = client_finding(clock, ["93.184.216.34"], ["127.0.0.1"])
    with pytest.raises(CollectError, match="读不到"):
        client("http://rebinding.example/")
    assert tried == ["93.184.216.34"]
    clock.now += 3600
    with pytest.raises(CollectError, match="内部网络地址"):
        client("http://rebinding.example/")
    assert tried == ["93.184.216.34"]


def test_a_long_list_of_dead_addresses_is_not_tried_to_its_end(clock: FakeTime, tried: list[str]) -> None:
    addresses = [f"93.184.216.{number}" for number in range(1, 40)]
    with pytest.raises(CollectError, match="连接不上"):
        client_finding(clock, addresses)("http://many.example/")
    assert tried == addresses[:3]


def test_a_name_that_nobody_knows_says_so(clock: FakeTime) -> None:
    def fail(_host: str, _port: int) -> list[str]:
        raise socket.gaierror("unknown")

    world = clock.world()
    client = PoliteClient(surroundings=Surroundings(clock=world.clock, sleep=world.sleep, find=fail))
    with pytest.raises(CollectError, match="找不到主机名"):
        client("http://nobody.example/")
