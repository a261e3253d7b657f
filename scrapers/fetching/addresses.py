"""Which addresses a collector may connect to, and connections that go to the checked address and no other."""

import ipaddress
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

from scrapers.errors import CollectError

Resolve = Callable[[str, int], list[str]]
Check = Callable[[str, Iterable[str]], None]
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# What is handed out as public address in IPv6 (RFC 4291, 2.4); everything else is reserved, local or a disguise.
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
# Where clouds tell a machine its own secrets: AWS, Azure, Aliyun and Oracle; all others use link-local addresses.
_METADATA = frozenset(
    ipaddress.ip_address(address)
    for address in ("169.254.169.254", "fd00:ec2::254", "168.63.129.16", "100.100.100.200", "192.0.0.192")
)
_TRIED = 3
"""Addresses of one name that are tried, so that a long list of dead ones does not take minutes."""


def resolve(host: str, port: int) -> list[str]:
    """The numeric addresses of a host, in the system's order."""
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: str) -> bool:
    """Whether an address belongs to the open internet, also when it is an IPv4 address dressed as IPv6."""
    try:
        ip = _undressed(ipaddress.ip_address(address))
    except ValueError:
        return False
    if ip.is_multicast or ip in _METADATA or not ip.is_global:
        return False
    return ip.version == 4 or ip in _GLOBAL_UNICAST


def _undressed(ip: _Address) -> _Address:
    """The IPv4 address that an IPv6 address leads to: mapped, by 6to4 or by NAT64; else the address itself."""
    if not isinstance(ip, ipaddress.IPv6Address):
        return ip
    translated = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None
    return ip.ipv4_mapped or ip.sixtofour or translated or ip


def only_public(host: str, addresses: Iterable[str]) -> None:
    """Refuses a host that has any address inside a private network. Raises `CollectError`."""
    inside = [address for address in addresses if not is_public(address)]
    if inside:
        raise CollectError(
            f"{host} 指向内部网络地址 {inside[0]}，已拒绝访问。"
            "若这是自己的网站，请把该来源标为自有站点（own_site=true），并在 own_reason 写明理由。",
            permanent=True,
        )


def own_network(host: str, addresses: Iterable[str]) -> None:
    """Refuses what is nobody's own site: where a cloud keeps the secrets of its machines. Raises `CollectError`."""
    for address in addresses:
        ip = _undressed(ipaddress.ip_address(address))
        if ip in _METADATA or ip.is_link_local:
            raise CollectError(f"{host} 指向云主机的内部服务地址 {address}，已拒绝访问。", permanent=True)


@contextmanager
def _cut_after(sock: socket.socket, seconds: float) -> Iterator[None]:
    """Closes the line when the time is up: a server that sends one header byte every few seconds trips no time-out."""

    late = threading.Event()

    def cut() -> None:
        late.set()
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        # A line cut among the headers looks like a short answer, not like an error.
        if late.is_set():
            raise TimeoutError("timed out")


def _connect(connection: HTTPConnection, find: Resolve, check: Check) -> socket.socket:
    """A socket to an address that was checked; the name is not looked up a second time."""
    host, port = connection.host, connection.port or connection.default_port
    try:
        addresses = find(host, port)
    except (OSError, UnicodeError) as error:
        raise NameResolutionError(host, connection, socket.gaierror(str(error))) from error
    check(host, addresses)
    failure: OSError = OSError("no address")
    for address in addresses[:_TRIED]:
        try:
            return create_connection((address, port), connection.timeout, socket_options=connection.socket_options)
        except OSError as error:
            failure = error
    if isinstance(failure, TimeoutError):
        raise ConnectTimeoutError(connection, f"{host} timed out") from failure
    raise NewConnectionError(connection, f"{host}: {failure}") from failure


def _pools(find: Resolve, check: Check, header_seconds: float) -> dict[str, type[HTTPConnectionPool]]:
    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _connect(self, find, check)

        def getresponse(self) -> Any:
            with _cut_after(self.sock, header_seconds):
                return super().getresponse()

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return _connect(self, find, check)

        def getresponse(self) -> Any:
            with _cut_after(self.sock, header_seconds):
                return super().getresponse()

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


class PinnedAdapter(HTTPAdapter):
    """A requests adapter whose connections are checked where they are made, so a second DNS answer cannot slip past."""

    def __init__(self, *, check: Check = only_public, find: Resolve = resolve, header_seconds: float = 30.0) -> None:
        self._pool_classes = _pools(find, check, header_seconds)
        super().__init__(pool_connections=20, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """As requests makes it, with our own connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pool_classes
