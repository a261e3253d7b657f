"""Text that was read in the wrong encoding somewhere on its way: how much of it is no longer what was written."""

import re

_LOST = re.compile("[\ufffd\ue000-\uf8fe]")
"""A character that a decoder gave up on, or one that means nothing outside a site's own font."""
_UTF8_AS_GBK = re.compile(rb"(?:[\xe3-\xe9\xef][\x80-\xbf]{2}){2,}")
"""Bytes that are whole Chinese characters in UTF-8. In real Chinese two of them hardly ever stand side by side in
GBK, whose common characters begin with B0 to D7. 锟斤拷, which is U+FFFD read once more, is found with them."""
_WESTERN = "\x80-\xff€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
_BYTES_AS_LETTERS = re.compile(f"[{_WESTERN}]{{3,}}|Ã[{_WESTERN}]")
_LETTER = re.compile("[À-ÿ]")


def garbled_share(text: str) -> float:
    """The share of characters, from 0 to 1, that are no longer what was written. Blanks do not count."""
    written = "".join(text.split())
    if not written:
        return 0.0
    garbled = len(_LOST.findall(written)) + _read_as_gbk(written) + _read_as_western(written)
    return min(garbled / len(written), 1.0)


def _read_as_gbk(text: str) -> int:
    """Characters that are UTF-8 taken for GBK: 鏄 for half of 是."""
    return sum(map(len, _UTF8_AS_GBK.findall(text.encode("gb18030", "ignore")))) // 2


def _read_as_western(text: str) -> int:
    """Characters that are bytes of anything Chinese taken for Western letters: å¥½ for 好, ºÃ the same from GBK.

    A European word has one such letter here and there, never several in a row beside currency and quotation marks.
    """
    runs = (run for run in _BYTES_AS_LETTERS.findall(text) if run[0] == "Ã" or len(_LETTER.findall(run)) > 1)
    return sum(map(len, runs))
