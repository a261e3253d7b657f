"""Selectors: CSS and XPath, attributes, patterns, and what is wrong with them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.errors import CollectorNotConfigured
from scrapers.reading.selecting import Document, Selector, holds, link_of, read_selector, words_of
from tests.scrapers.conftest import PAYLOADS
from tests.scrapers.fuzzing import THOROUGH, mutated

PAGE = """<html><body><ul>
<li id="t7" class="row star4"><a class="t" href="/t?tid=7&amp;p=1" title="全题">第<b>七</b>帖</a><span>编号：99</span>
<span>回复 <i>12</i></span><script>x</script></li>
<li class="row gone"><span>该帖已删除</span></li></ul></body></html>"""


def selector(text: str) -> Selector:
    found = read_selector(text, "option")
    assert found is not None
    return found


def read(text: str, item: str = "li") -> str:
    return words_of(Document(PAGE).select(selector(item))[0], selector(text))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a.t", "第七帖"),
        ("a.t@title", "全题"),
        ("@id", "t7"),
        (".", "第七帖编号：99 回复 12"),
        (r"a.t@href =~ tid=(\d+)", "7"),
        (r"@class =~ star(\d)", "4"),
        (r"@class =~ star\d", "star4"),
        (r"span =~ 编号：(\d+)", "99"),
        (r"span =~ 回复 (\d+)", "12"),
        (r"span =~ 楼层(\d+)", ""),
        (r". =~ (\d+)$", "12"),
        ("em", ""),
        ("a@missing", ""),
        ('a[href*="tid=7"]', "第七帖"),
    ],
)
def test_css_finds_text_attributes_and_patterns(text: str, words: str) -> None:
    assert read(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("xpath: .//a[@class='t']", "第七帖"),
        ("xpath:.//a/@title", "全题"),
        ("@id", "t7"),
        (".", "第七帖编号：99 回复 12"),
        ("xpath:.//a//text()", "第七帖"),
        (r"xpath:.//a/@href =~ tid=(\d+)", "7"),
        (r"xpath:.//span =~ 回复 (\d+)", "12"),
        ("xpath:count(.//span)", "2"),
        ("xpath:string(.//i)", "12"),
        ("xpath:.//em", ""),
        ("xpath:.//span[contains(., '编号')]/following-sibling::span/i", "12"),
    ],
)
def test_xpath_finds_the_same(text: str, words: str) -> None:
    assert read(text, "xpath://li[contains(@class, 'row')]") == words


@pytest.mark.parametrize("item", ["li", "xpath://li"])
def test_a_link_is_the_address_of_what_is_found(item: str) -> None:
    node = Document(PAGE).select(selector(item))[0]
    inner = "a.t" if item == "li" else "xpath:.//a"
    assert link_of(node, selector(inner)) == "/t?tid=7&p=1"
    assert link_of(node, selector(f"{inner} =~ 第.")) == "第七"
    assert link_of(node, None) == ""


@pytest.mark.parametrize(("item", "inner"), [("li", "span =~ 已删除"), ("xpath://li", "xpath:.//*[. = '该帖已删除']")])
def test_a_mark_is_there_or_not(item: str, inner: str) -> None:
    assert [holds(node, selector(inner)) for node in Document(PAGE).select(selector(item))] == [False, True]


@pytest.mark.parametrize(("text", "there"), [("li.gone", True), ("li.none", False), ("xpath://li[9]", False),
                                             ("xpath:count(//li) = 2", True), ("ul =~ 已删除", True)])  # fmt: skip
def test_a_page_holds_what_it_holds(text: str, *, there: bool) -> None:
    assert Document(PAGE).has(selector(text)) is there


def test_a_row_read_by_xpath_keeps_its_cells_apart() -> None:
    page = Document("<table><tr><td>17</td><td>云岭</td></tr></table>")
    assert words_of(page.select(selector("xpath://tr"))[0], selector(".")) == "17 云岭"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a[[", "CSS"),
        ("xpath://a[", "XPath"),
        ("xpath:foo(.)", "XPath"),
        ("xpath:x:a", "XPath"),
        ("a =~ (", "正则"),
    ],
)
def test_a_wrong_selector_is_told_before_anything_is_read(text: str, message: str) -> None:
    with pytest.raises(CollectorNotConfigured, match=message) as raised:
        read_selector(text, "title")
    assert raised.value.option == "title"


def test_nothing_written_is_no_selector() -> None:
    assert read_selector("  ", "title") is None


SELECTORS = [
    (selector(item), [selector(text) for text in inner])
    for item, inner in (
        ("tr", ("td", "a@href", ". =~ (.)$", "@id")),
        ("xpath://tr", ("xpath:.//a/@href", "xpath:.//td[2]", ".", "@id", r"xpath:.//text() =~ \d+")),
    )
]


@pytest.mark.fuzz
@given(mutated((PAYLOADS / "html" / "complaints.html").read_bytes()) | st.binary(max_size=200))
@THOROUGH
def test_no_page_breaks_a_selector(body: bytes) -> None:
    page = Document(body.decode("utf-8", "replace"))
    for item, inner in SELECTORS:
        for node in page.select(item):
            for part in inner:
                words_of(node, part).encode()
                link_of(node, part).encode()
                holds(node, part)
