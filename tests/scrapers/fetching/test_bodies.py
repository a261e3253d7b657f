"""Bodies unpacked piece by piece, whole or not at all."""

import gzip
import zlib
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.errors import CollectError
from scrapers.fetching.bodies import Broken, read_body

TEXT = "方向盘异响".encode() * 200


def read(chunks: Iterable[bytes], encoding: str = "", *, limit: int = 10**6, cut: bool = False) -> bytes:
    return read_body(chunks, encoding, limit=limit, place="https://a.example/", on_piece=lambda: None, cut=cut)


def in_pieces(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


def _raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize("size", [1, 7, 10**6])
@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("", TEXT),
        ("identity", TEXT),
        ("gzip", gzip.compress(TEXT)),
        (" X-GZIP ", gzip.compress(TEXT)),
        ("gzip", gzip.compress(TEXT[:9]) + gzip.compress(TEXT[9:])),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", _raw_deflate(TEXT)),
    ],
    ids=["plain", "identity", "gzip", "loud", "two members", "deflate", "raw"],
)
def test_a_body_is_the_same_however_it_is_packed_and_cut(encoding: str, packed: bytes, size: int) -> None:
    assert read(in_pieces(packed, size), encoding) == TEXT


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_what_ends_early_is_broken_and_nothing_at_all_is_empty(encoding: str) -> None:
    packed = gzip.compress(TEXT) if encoding == "gzip" else zlib.compress(TEXT)
    for keep in (1, 5, len(packed) // 2, len(packed) - 1):
        with pytest.raises(Broken):
            read([packed[:keep]], encoding)
    assert read([], encoding) == b""


def test_a_bomb_is_stopped_before_it_is_unpacked() -> None:
    seen: list[int] = []
    bomb = gzip.compress(b"0" * 30_000_000)

    def chunks() -> Iterable[bytes]:
        for piece in in_pieces(bomb, 500):
            seen.append(len(piece))
            yield piece

    with pytest.raises(CollectError, match="内容超过 1 MB"):
        read(chunks(), "gzip")
    assert sum(seen) < len(bomb) / 10


def test_a_long_body_is_refused_or_cut_as_asked() -> None:
    with pytest.raises(CollectError, match="超过"):
        read([TEXT], limit=100)
    assert read([TEXT], limit=100, cut=True) == TEXT[:100]
    assert read([TEXT], limit=len(TEXT)) == TEXT


def test_a_packing_nobody_asked_for_is_named() -> None:
    with pytest.raises(CollectError, match="“br”"):
        read([b"x"], "br")


def test_time_is_looked_at_with_each_piece_and_at_the_end() -> None:
    looks: list[None] = []
    read_body([b"a", b"b"], "", limit=10, place="", on_piece=lambda: looks.append(None))
    assert len(looks) == 3


@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate", "", "x"]))
def test_any_bytes_are_a_body_or_broken(data: bytes, encoding: str) -> None:
    try:
        read([data], encoding)
    except (Broken, CollectError):
        return
