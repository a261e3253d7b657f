"""A response's bytes, unpacked in pieces so that a small download cannot become a large one."""

import zlib
from collections.abc import Callable, Iterable, Iterator

from scrapers.errors import CollectError

ENCODINGS = "gzip, deflate"
"""What the client says it can unpack."""
_PIECE = 256 * 1024


class Broken(Exception):
    """A body ended too early or could not be unpacked; trying again may help."""


class _Unpacker:
    """Unpacks one gzip or zlib stream; several gzip members in a row are one body."""

    def __init__(self, encoding: str) -> None:
        self._gzip = encoding in {"gzip", "x-gzip"}
        self._stream = self._fresh()
        self._started = False
        self._first = b""

    def _fresh(self, *, raw: bool = False) -> "zlib._Decompress":
        return zlib.decompressobj(16 + zlib.MAX_WBITS if self._gzip else -zlib.MAX_WBITS if raw else zlib.MAX_WBITS)

    def feed(self, data: bytes) -> Iterator[bytes]:
        if not self._started:
            # It takes two bytes to tell a header.
            data = self._first = self._first + data
            if len(data) < 2:
                return
        while data:
            piece = self._unpack(data)
            data = self._stream.unconsumed_tail
            if self._stream.eof and self._gzip and self._stream.unused_data.startswith(b"\x1f\x8b"):
                data, self._stream = self._stream.unused_data, self._fresh()
            yield piece

    def _unpack(self, data: bytes) -> bytes:
        first, self._started = not self._started, True
        try:
            return self._stream.decompress(data, _PIECE)
        except zlib.error as error:
            if not first or self._gzip:
                raise Broken(str(error)) from error
        # Some servers say deflate and send it without the zlib header.
        self._stream = self._fresh(raw=True)
        return self._unpack(data)

    def finish(self) -> None:
        if self._first and not self._stream.eof:
            raise Broken("compressed body ends early")


def read_body(
    chunks: Iterable[bytes], encoding: str, *, limit: int, place: str, on_piece: Callable[[], None], cut: bool = False
) -> bytes:
    """The unpacked body, `limit` bytes at most; `cut` keeps the beginning of a longer one instead of refusing it."""
    encoding = encoding.strip().lower()
    if encoding not in {"", "identity", "gzip", "x-gzip", "deflate"}:
        raise CollectError(f"{place} 用了看不懂的压缩方式“{encoding}”。")
    unpacker = None if encoding in {"", "identity"} else _Unpacker(encoding)
    body = bytearray()
    for chunk in chunks:
        on_piece()
        for piece in (chunk,) if unpacker is None else unpacker.feed(chunk):
            body += piece
            if len(body) > limit and cut:
                return bytes(body[:limit])
            if len(body) > limit:
                raise CollectError(f"{place} 的内容超过 {limit / 1e6:g} MB，已停止下载；请换一个更小的地址或分页读取。")
    # A line that was cut when the time was up looks like an end.
    on_piece()
    if unpacker is not None:
        unpacker.finish()
    return bytes(body)
