"""Parts taken out of a page's tree, also where one stands inside another."""

import pytest

from scrapers.reading.cutting import before, cut
from scrapers.reading.markup import parse_html


def test_a_part_inside_another_goes_with_it() -> None:
    tree = parse_html("<div><b>甲<b>乙</b></b>丙<b>丁</b></div>")
    assert tree is not None
    cut(tree.css("b"))
    assert [block.html for block in tree.css("div")] == ["<div>丙</div>"]


@pytest.mark.parametrize(
    ("markup", "found"),
    [
        ("<p>甲</p> <!-- x --> <i>乙</i>", "p"),
        ("<p>甲</p>字<i>乙</i>", None),
        ("<i>乙</i>", None),
    ],
)
def test_what_stands_right_before_is_found_unless_words_stand_between(markup: str, found: str | None) -> None:
    tree = parse_html(f"<div>{markup}</div>")
    assert tree is not None
    (word,) = tree.css("i")
    said = before(word)
    assert (said.tag if said else None) == found
