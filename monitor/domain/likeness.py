"""Which posts are copies of one another, and how their wording spread.

Two texts are compared by the pairs of neighbouring characters in what is left of them when everything is dropped that
passing on adds: links, names, tags, repost marks, faces and punctuation. Measured on invented complaints, edits of one
text keep a Jaccard index of 0.58 or more, texts of one form but another order and fault have about 0.35, and unrelated
ones under 0.05; the line at one half lies in that gap.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

COPIES_FROM = 0.5
"""The Jaccard index from which on two texts are copies."""
SHORT = 12
"""Characters of a normal form under which only the very same one is a copy: 好评 and 差评 differ by one character, and
two people who write 服务太差了 have not copied each other. Short posts are votes, and so is 哈 written thirty times:
what counts is how many different pairs twelve characters have."""
COMPARED = 4_000
"""Characters of a text that are compared: who copies more than these has copied."""

MANY = 4
"""Authors from which on a wording may be organised. Two or three are a couple, a friend who helps, or somebody with
two accounts; that four people write the same twelve or more characters within hours does not happen by chance."""
HOURS = timedelta(hours=6)
"""Within which many authors are suspect: a call in a group chat is followed the same half-day, while a text that
people find and use by themselves comes up now and then."""
MONTHS = timedelta(days=60)
"""From which on a wording that many use is a common form of words."""


class Spread(StrEnum):
    """How the wording of a cluster of near-equal posts spread."""

    SINGLE = "single"
    DUPLICATE = "duplicate"
    """One author said it more than once."""
    REPOST = "repost"
    CAMPAIGN = "campaign"
    """Many authors within hours: to be looked at, never deleted."""
    TEMPLATE = "template"
    """Many authors over months: a common form of words."""


@dataclass(frozen=True, slots=True)
class Voice:
    """One post of a cluster: whose (None: nobody knows), when, and whether it says itself that it passes words on."""

    author: int | None
    at: datetime
    passed_on: bool = False


# The name after @ and the word after # end where the letters end. A run of more than twenty is no name: somebody forgot
# the blank, and what follows is what was said. A # after a digit counts houses. What must stand before a mark is looked
# at behind its first character, because a pattern that begins with a character is tried three times as fast.
_NAME = r"[@＠][\w·-]{1,20}(?!\w)"
_PASSED_ON = (
    rf"[转轉][发發]微博|[/／]{{1,2}}\s*{_NAME}\s*[:：]?|[\[［【(（]\s*[转轉][发發载載帖]?\s*[\]］】)）]"
    r"|[转轉](?<![^\s,，。!！?？].)[发發载載自]?\s*[:：]|(?:rt|repost)(?<![a-z]rt)(?<![a-z]repost)(?=\s*[@＠:：])"
)
_REPOST = re.compile(_PASSED_ON)
_ADDED = re.compile(
    r"https?://[!-~]+|www\.[!-~]+|[a-z0-9](?<![a-z0-9.-].)[a-z0-9.-]{0,60}\.[a-z]{2,8}/[!-~]*|o?网页链接|查看图片"
    rf"|{_PASSED_ON}|回[复復覆]\s*{_NAME}\s*[:：]?|{_NAME}\s*[:：]?"
    r"|[#＃](?<![a-z0-9].)(?:[^#＃\n]{0,39}[^#＃\s][#＃]|[^\W\d]\w{0,19}(?!\w))"
    r"|[\[［][^\[\]［］\n]{1,8}[\]］]|>(?<![^\n].)[^\n]*"
)
_NO_LETTERS = re.compile(r"[\W_]+")
_WIDE = re.compile("[\uff10-\uff5a]")
_HALF_WIDTH = {0xFF01 + place: 0x21 + place for place in range(94)}


def normal_form(text: str, fold: Callable[[str], str]) -> str:
    """What two copies have in common: letters and digits alone, half width, lower case, without what reposting adds.

    `fold` turns traditional characters into simplified ones. "" when nothing was said but "转发微博".
    """
    letters = fold(_NO_LETTERS.sub("", _ADDED.sub(" ", text[:COMPARED].lower())))
    return (letters.translate(_HALF_WIDTH) if _WIDE.search(letters) else letters).lower()


def is_passed_on(text: str) -> bool:
    """Whether a post says itself that it repeats somebody: 转发微博, //@某人:, 转：, 【转】."""
    return _REPOST.search(text[:COMPARED].lower()) is not None


def pairs_of(normal: str) -> frozenset[int]:
    """The pairs of neighbouring characters of a normal form, each as one number."""
    # Read as numbers of eight bytes from the first character and from the second: half the time of adding letters.
    letters = memoryview(normal.encode("utf-32-le"))
    even, odd = len(normal) // 2 * 8, (len(normal) - 1) // 2 * 8
    return frozenset((*letters[:even].cast("Q"), *letters[4 : 4 + odd].cast("Q")))


def likeness(first: frozenset[int], second: frozenset[int]) -> float:
    """The Jaccard index of the pairs of two texts: what they share of all that they have, from 0 to 1."""
    shared = len(first & second)
    return shared / ((len(first) + len(second) - shared) or 1)


def are_copies(first: str, second: str) -> bool:
    """Whether two normal forms are one text: half of their pairs shared, or, of short ones, every character."""
    mine, yours = pairs_of(first), pairs_of(second)
    if is_short(mine) or is_short(yours):
        return first == second != ""
    return likeness(mine, yours) >= COPIES_FROM


def is_short(pairs: frozenset[int]) -> bool:
    """Whether a text with these pairs says too little to be copied."""
    return len(pairs) < SHORT - 1


def judge_spread(
    voices: Sequence[Voice], *, authors: int = 0, lasted: timedelta = timedelta(0), is_short: bool = False
) -> Spread:
    """How a wording spread, from the posts that have it.

    Of a large cluster the newest posts are enough, with how many `authors` it has and how long it `lasted` in all.
    Posts that openly pass words on, and those whose author nobody knows, make no campaign.
    """
    known = {voice.author for voice in voices if voice.author is not None}
    many = max(authors, len(known))
    moments = [voice.at for voice in voices]
    if max(len(voices), many) < 2:
        return Spread.SINGLE
    if many == 1 and all(voice.author is not None for voice in voices):
        return Spread.DUPLICATE
    if is_short:
        return Spread.TEMPLATE
    if _is_burst([voice for voice in voices if voice.author is not None and not voice.passed_on]):
        return Spread.CAMPAIGN
    lasting = max(lasted, max(moments) - min(moments)) >= MONTHS
    return Spread.TEMPLATE if many >= MANY and lasting else Spread.REPOST


def _is_burst(voices: Sequence[Voice]) -> bool:
    """Whether there are hours in which many authors spoke."""
    in_order = sorted(voices, key=lambda voice: voice.at)
    start = 0
    for end, voice in enumerate(in_order):
        while voice.at - in_order[start].at > HOURS:
            start += 1
        if len({each.author for each in in_order[start : end + 1]}) >= MANY:
            return True
    return False
