"""Whatever happens on a forum between two visits: what it holds and what we hold become equal."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.registry import build
from tests.scrapers.conftest import NOW
from tests.scrapers.forums import DiscourseForum, DiscuzBoard, NodeBbForum
from tests.scrapers.fuzzing import THOROUGH
from tests.scrapers.holding import Held

Step = tuple[str, int, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["write", "write", "many", "edit", "remove", "soft", "topic", "visit", "killed"]),
        st.integers(0, 5),
        st.integers(0, 200),
    ),
    max_size=14,
)
"""What happens: what, in which topic, to which of its posts."""


def _nth(posts: Sequence[int], number: int) -> int:
    return posts[number % len(posts)]


def play(forum: Any, held: Held, collect: Callable[[dict[str, Any]], Any], steps: Sequence[Step]) -> None:
    """Lets these things happen on a forum of either make."""
    for what, topic, number in steps:
        posts = forum.topics.get(topic, [])
        if what in {"visit", "killed"}:
            held.visit(collect, killed=what == "killed")
        elif what in {"write", "many"}:
            forum.write(topic, 45 if what == "many" else 1)
        elif what == "topic" and posts:
            forum.remove_topic(topic)
        elif what == "edit" and posts:
            forum.edit(_nth(posts, number), f"改 {number}", NOW + timedelta(minutes=number % 9))
        elif what in {"remove", "soft"} and posts:
            (forum.remove if what == "remove" else forum.withdraw)(_nth(posts, number))


def check(kind: str, forum: Any, steps: Sequence[Step], options: Mapping[str, Any]) -> None:
    collector = build(kind, {"url": "https://forum.example", **options}, forum)
    collect = replace(collector, clock=lambda: NOW).collect  # type: ignore[type-var]
    held = Held()
    # A topic that nobody deletes: a forum in which every topic is missing is doubted, and rightly so.
    forum.write(9)
    held.visit(collect)
    # As if the source had been visited since long before anything was written.
    held.cursor["began"] = "2026-01-01T00:00:00+00:00"
    play(forum, held, collect, steps)
    for _ in range(40):
        held.settle(collect, 1)
        if held.texts() == forum.texts():
            break
    # And it stays so: nothing that exists is given up later on.
    held.settle(collect, 3)
    assert held.texts() == forum.texts()


STORY: list[Step] = [
    ("many", 1, 0), ("write", 2, 0), ("visit", 0, 0), ("edit", 1, 30), ("remove", 1, 31), ("soft", 1, 7),
    ("killed", 0, 0), ("many", 1, 0), ("many", 3, 0), ("visit", 0, 0), ("topic", 2, 0), ("many", 1, 0),
    ("edit", 3, 2), ("remove", 1, 50),
]  # fmt: skip


MAKES: Mapping[str, tuple[str, Callable[[], Any], Mapping[str, Any]]] = {
    "new": ("discourse", DiscourseForum, {}),
    "old": ("discourse", lambda: DiscourseForum(windowed=True), {}),
    "tag": ("discourse", DiscourseForum, {"tag": "车机"}),
    "nodebb": ("nodebb", lambda: NodeBbForum({}), {}),
    "discuz with a list": ("discuz", lambda: DiscuzBoard({}), {"replies": True, "forum": 37}),
    "discuz without": ("discuz", lambda: DiscuzBoard({}), {"replies": True}),
}


@pytest.mark.parametrize("make", MAKES)
def test_a_forum_and_we_hold_the_same(make: str) -> None:
    kind, forum, options = MAKES[make]
    check(kind, forum(), STORY, options)


@pytest.mark.fuzz
@given(STEPS, st.sampled_from(sorted(MAKES)))
@THOROUGH
def test_whatever_happens_we_hold_the_same(steps: list[Step], make: str) -> None:
    kind, forum, options = MAKES[make]
    check(kind, forum(), steps, options)
