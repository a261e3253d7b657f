"""Keyword queries: what they find, what they refuse, and how they are written and explained."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.errors import Invalid
from monitor.domain.queries import LONGEST_QUERY, Query, explain, parse_query
from monitor.domain.query_nodes import All, Either, Field, InField, Near, Node, Not, Term, in_field, joined, needs_words

_SAMPLES = (
    "刹车",
    "异响",
    "4s",
    "cat",
    "iphone 15",
    "no",
    "或",
    "near/5",
    '他说"好"',
    "a」b",
    "-x",
    "title:",
    "e-tron",
)


def found(query: str, text: str = "", *, title: str = "", url: str = "") -> bool:
    return parse_query(query).matches(title, text, url)


def refused(query: str) -> str:
    with pytest.raises(Invalid) as caught:
        parse_query(query)
    return str(caught.value)


def read(typed: str) -> Query | None:
    """The query, or None when it was refused in words for a person."""
    try:
        return parse_query(typed)
    except Invalid:
        return None


def test_words_side_by_side_must_all_be_there() -> None:
    assert found("刹车 异响", "踩刹车时有异响")
    assert not found("刹车 异响", "踩刹车时没有声音")


@pytest.mark.parametrize("sign", ["OR", "or", "或", "|", "｜", "||", "ＯＲ"])
def test_one_of_several_is_enough(sign: str) -> None:
    assert parse_query(f"异响 {sign} 失灵") == parse_query("异响 OR 失灵")
    assert found(f"异响 {sign} 失灵", "转向失灵")


@pytest.mark.parametrize("sign", ["AND", "and", "且", "　", "\n"])
def test_there_are_several_ways_to_say_and(sign: str) -> None:
    assert parse_query(f"刹车 {sign} 异响") == parse_query("刹车 异响")


@pytest.mark.parametrize("query", ["刹车 -招聘", "刹车 NOT 招聘", "刹车 非 招聘", "刹车 and not 招聘", "刹车 －招聘"])
def test_a_word_can_be_kept_out(query: str) -> None:
    assert found(query, "刹车失灵")
    assert not found(query, "刹车技师招聘")


def test_a_bar_needs_no_blanks() -> None:
    assert parse_query("异响|失灵") == parse_query("异响 OR 失灵")


def test_and_binds_closer_than_or_and_brackets_closer_still() -> None:
    assert found("刹车 异响 OR 失灵", "失灵")
    assert not found("刹车 (异响 OR 失灵)", "失灵")
    assert parse_query("刹车（异响｜失灵）") == parse_query("刹车 (异响 OR 失灵)")


def test_not_binds_looser_than_near_and_closer_than_and() -> None:
    assert parse_query("d -a NEAR/2 b c").root == All((Term("d"), Not(Near(Term("a"), Term("b"), 2)), Term("c")))


@pytest.mark.parametrize("marks", ['""', "“”", "”“", "「」", "『』", "＂＂"])
def test_a_phrase_stands_together(marks: str) -> None:
    query = f"{marks[0]}刹车  异响{marks[1]}"
    assert found(query, "听到刹车异响了")
    assert found(query, "听到刹车 异响了")
    assert not found(query, "刹车没有异响")


def test_a_quoted_operator_is_a_word() -> None:
    assert found('"or"', "this or that")
    assert found("“非” 常", "非常")


def test_a_latin_word_is_found_as_a_whole_word() -> None:
    assert found("cat", "A cat, asleep")
    assert found("cat", "这是cat吗")
    assert not found("cat", "category")
    assert not found("cat", "bobcat")
    assert not found("15", "iphone 150")
    assert found("4S", "这家4s店")
    assert found("café", "the café here")
    assert not found("caf", "the café here")


def test_a_latin_word_may_be_found_behind_a_part_of_another() -> None:
    assert found("cat", "category of cat")


def test_chinese_is_found_anywhere() -> None:
    assert found("刹车", "急刹车时")


def test_blanks_between_chinese_and_latin_may_be_there_or_not() -> None:
    assert found("iphone手机", "IPHONE 手机断连")
    assert found('"iphone 手机"', "iphone手机断连")
    assert found('"customer  service"', "Customer\nservice")
    assert not found('"customer service"', "customerservice")


def test_width_and_case_make_no_difference() -> None:
    assert found("ＡＢＳ", "abs 灯亮")
    assert found("abs", "ＡＢＳ灯亮")


def test_text_and_query_are_folded_alike() -> None:
    query = parse_query("剎車", fold=lambda text: text.replace("剎車", "刹车"))
    assert query.matches("", "刹车", "")
    assert query.matches("", "剎車", "")


def test_words_that_do_not_show_are_refused() -> None:
    assert refused("刹车 \u200b") == "第 4 个字：这里没有看得见的字，请改成要找的词"


def test_title_and_text_are_searched_unless_a_field_is_named() -> None:
    assert found("刹车", "", title="刹车失灵")
    assert not found("刹车", "无", url="https://a.example/刹车")
    assert found("title:刹车", "", title="刹车失灵")
    assert not found("title:刹车", "刹车失灵", title="求助")
    assert not found("text:刹车", "求助", title="刹车失灵")
    assert found("text:刹车", "刹车失灵", title="求助")
    assert found("url:/forum/ 刹车", "刹车", url="https://a.example/forum/1")
    assert not found("url:forum", "刹车", url="https://a.example/forums/1")


@pytest.mark.parametrize("query", ["标题：刹车", "TITLE：刹车", "title: 刹车", 'title:"刹车"', "title:(刹车)"])
def test_a_field_can_be_written_in_several_ways(query: str) -> None:
    assert parse_query(query).root == InField(Field.TITLE, Term("刹车"))


def test_the_inner_of_two_fields_counts() -> None:
    assert parse_query("url:title:刹车") == parse_query("title:刹车")
    assert found("title:(刹车 text:异响)", "异响", title="刹车")


def test_a_phrase_is_not_found_across_title_and_text() -> None:
    assert not found('"刹车异响"', "异响很大", title="刹车")
    assert not found("刹车 NEAR/5 异响", "异响很大", title="刹车")
    assert found("刹车 异响", "异响很大", title="刹车")


def test_a_word_with_a_colon_that_names_no_field_is_a_word() -> None:
    assert found("url:https://a.example/x?y=1", "", url="https://a.example/x?y=1&z=2")
    assert found("Re:刹车", "", title="re:刹车")


@pytest.mark.parametrize(("most", "near"), [(4, False), (5, True)])
def test_near_counts_the_characters_between_chinese(most: int, near: bool) -> None:
    assert found(f"刹车 NEAR/{most} 异响", "刹车，的时候 总有异响") is near


@pytest.mark.parametrize(("most", "near"), [(1, False), (2, True)])
def test_near_counts_the_words_between_latin(most: int, near: bool) -> None:
    assert found(f"brake NEAR/{most} noise", "The brake makes terrible noise") is near


def test_near_counts_mixed_text_by_characters_and_words() -> None:
    assert found("刹车 near/3 异响", "刹车 noise 很 异响")
    assert not found("刹车 near/2 异响", "刹车 noise 很大异响")


def test_near_holds_in_either_order_unless_it_is_ordered() -> None:
    assert found("刹车 NEAR/2 异响", "异响的刹车")
    assert not found("刹车 NEAR/2f 异响", "异响的刹车")
    assert found("刹车 NEAR/2F 异响", "刹车有异响")


def test_near_nothing_between_is_side_by_side() -> None:
    assert found("刹车 NEAR/0 异响", "刹车，异响")
    assert not found("刹车 NEAR/0 异响", "刹车的异响")


def test_a_word_is_not_near_itself_nor_what_it_overlaps() -> None:
    assert not found("刹车 NEAR/9 刹车", "刹车")
    assert found("刹车 NEAR/9 刹车", "刹车刹车")
    assert not found("刹车片 NEAR/9 车片", "刹车片")


def test_near_finds_the_nearest_of_overlapping_places() -> None:
    assert found("哈哈 NEAR/0f 了", "哈哈哈了")


def test_near_takes_one_of_several_on_a_side() -> None:
    query = "(刹车 OR 制动) NEAR/2 (异响 OR 失灵)"
    assert found(query, "制动已失灵")
    assert not found(query, "制动正常，但是转向失灵")


def test_a_field_before_near_is_for_both_sides() -> None:
    assert parse_query("title:a NEAR/3 b") == parse_query("title:(a NEAR/3 b)") == parse_query("title:a NEAR/3 title:b")
    assert not found("title:刹车 NEAR/3 异响", "刹车异响", title="求助")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "还没有写要找的词。"),
        (" \n", "还没有写要找的词。"),
        ("(刹车 异响", "第 1 个字：括号没有收尾，请补上右括号"),
        ("刹车 (异响 OR (", "第 11 个字：括号没有收尾，请补上要找的词和右括号"),
        ("刹车 异响）", "第 6 个字：多了一个右括号，请去掉，或补上前面的左括号"),
        (")", "第 1 个字：多了一个右括号，请去掉，或补上前面的左括号"),
        ("刹车 ()", "第 4 个字：括号里没有词"),
        ("刹车 “异响", "第 4 个字：引号没有收尾，请补上另一半引号"),
        ("刹车 “ ”", "第 4 个字：引号里没有字，请写上要找的词，或去掉这对引号"),
        ("刹车」", "第 3 个字：多了一个“」”，请去掉，或补上前面的引号"),
        ("刹车 AND", "第 4 个字：“AND”后面少了要找的词；若就是要找这个词，请加引号"),
        ("刹车 或 且 异响", "第 4 个字：“或”后面少了要找的词；若就是要找这个词，请加引号"),
        ("OR 刹车", "第 1 个字：“OR”前面少了要找的词；若就是要找这个词，请加引号"),
        ("刹车 NEAR/5", "第 4 个字：“NEAR/5”后面少了要找的词；若就是要找这个词，请加引号"),
        ("title:", "第 1 个字：“title:”后面少了要找的词；若就是要找这个词，请加引号"),
        ("title:-刹车", "第 1 个字：“title:”后面少了要找的词；若就是要找这个词，请加引号"),
        ("刹车 - 异响", "第 4 个字：“-”后面要紧跟要排除的词，中间不留空格，例如 -招聘"),
        ("刹车 --异响", "第 5 个字：连着写了两个排除，请去掉一个"),
        ("刹车 NEAR/201 异响", "第 4 个字：NEAR 的距离最多 200，给的是 201"),
        ("author:张三", "第 1 个字：没有“author”这一栏：作者不保存，不能按作者找；若就是要找这几个字，请加引号"),
        ("刹车 site:a.example", "第 4 个字：没有“site”这一栏：要按网址找，请写 url:；若就是要找这几个字，请加引号"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(query: str, message: str) -> None:
    assert refused(query) == message


@pytest.mark.parametrize("query", ["a NEAR b", "a NEAR/x b", "a NEAR5 b", "a near/ b"])
def test_near_without_a_distance_is_refused(query: str) -> None:
    assert refused(query).startswith("第 3 个字：NEAR 要写成 NEAR/数字")


def test_near_joins_two_sides_in_one_field_made_of_words() -> None:
    assert refused("a NEAR/5 b NEAR/3 c").startswith("第 12 个字：NEAR 一次只连两边")
    assert refused("(a b) NEAR/5 c").startswith("第 7 个字：NEAR 两边只能是词")
    assert refused("title:a NEAR/5 text:b").startswith("第 9 个字：NEAR 两边要在同一栏里")
    assert refused("a NEAR/5 text:b").startswith("第 3 个字：NEAR 两边要在同一栏里")
    assert refused("刹车 NEAR/5 -异响").startswith("第 4 个字：“NEAR/5”后面少了要找的词")


@pytest.mark.parametrize("query", ["-招聘", "-招聘 -转让", "-(招聘 OR 转让)", "not title:招聘", "(-a)"])
def test_a_query_that_only_excludes_is_refused(query: str) -> None:
    assert refused(query).startswith("只有排除，没有要找的词")


def test_a_choice_of_which_one_only_excludes_is_refused() -> None:
    assert "有一项只有排除，没有要找的词" in refused("刹车 OR -招聘")
    assert found("刹车 OR (异响 -招聘)", "刹车")


@pytest.mark.parametrize("mark", ["，", "、", "；", ",", ";"])
def test_a_list_with_commas_is_refused_because_nobody_knows_what_it_means(mark: str) -> None:
    assert refused(f"刹车{mark}异响").startswith(f"第 3 个字：“{mark}”分不清是“且”还是“或”")
    assert found(f'"刹车{mark}异响"', f"刹车{mark}异响")


def test_a_comma_in_a_number_is_part_of_it() -> None:
    assert found("1,000", "花了1,000元")


def test_length_and_depth_are_bounded() -> None:
    assert "最多 2000 个字，给了 2001 个" in refused("a" * (LONGEST_QUERY + 1))
    assert refused("a" * 101) == "第 1 个字：这个词太长了（最多 100 个字），请只写关键的几个字"
    assert found("(" * 20 + "刹车" + ")" * 20, "刹车")
    assert refused("(" * 21 + "刹车" + ")" * 21) == "第 21 个字：括号套得太深（最多 20 层），请拆开写"
    assert refused("(" * LONGEST_QUERY).startswith("第 21 个字：括号套得太深")
    assert found("title:" * 330 + "a", title="a")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("刹车 (异响 OR 失灵) -招聘", "含“刹车”，且含“异响”或“失灵”，不含“招聘”"),
        ("刹车 异响 OR 失灵", "（含“刹车”，且含“异响”），或者含“失灵”"),
        ("刹车 -(招聘 OR 转让)", "含“刹车”，不含“招聘”、“转让”中的任何一个"),
        ("刹车 -(招聘 4s)", "含“刹车”，不能是这样：（含“招聘”，且含“4s”）"),
        ("刹车 NEAR/5 异响", "“刹车”与“异响”相隔不超过 5 个字"),
        ("刹车 NEAR/0 异响", "“刹车”与“异响”紧挨着"),
        ("刹车 NEAR/5f (异响 OR 失灵)", "“刹车”后面 5 个字以内有“异响”或“失灵”"),
        ("刹车 NEAR/0f 异响", "“刹车”后面紧跟“异响”"),
        ("title:刹车 NEAR/5 异响", "标题里“刹车”与“异响”相隔不超过 5 个字"),
        ("title:刹车 url:forum -text:招聘", "标题含“刹车”，且网址含“forum”，正文不含“招聘”"),
        ("a (b OR c d)", "含“a”，且（含“b”，或者（含“c”，且含“d”））"),
        ("a title:(b OR c d)", "含“a”，且（标题含“b”，或者（标题含“c”，且标题含“d”））"),
    ],
)
def test_a_query_is_explained_in_words(query: str, words: str) -> None:
    assert explain(parse_query(query)) == words


def test_a_query_is_written_as_it_is_typed() -> None:
    assert str(parse_query("（刹车｜制动） near/3f 「异 响」 且 -“招聘” 非 (a b)")) == (
        '(刹车 OR 制动) NEAR/3f "异 响" -招聘 -(a b)'
    )


def test_a_word_that_may_hide_an_operator_raises_a_doubt() -> None:
    (doubt,) = parse_query("刹车或异响").doubts
    assert doubt == "“刹车或异响”当作一个词来找；里面的“或”若是连接词，请在它两边留空格"
    assert parse_query("刹车 和 异响").doubts == ("“和”当作一个词来找；若要连接两边的词，请改用“且”",)
    assert parse_query("“刹车或异响” 并且 非常 或许").doubts == ()


def _terms() -> st.SearchStrategy[Node]:
    return st.sampled_from(_SAMPLES).map(Term)


def _larger(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(inner, min_size=2, max_size=4)
    sides = st.one_of(st.sampled_from(_SAMPLES).map(Term), st.just(Either((Term("x"), Term("或")))))
    return st.one_of(
        several.map(lambda nodes: joined(All, nodes)),
        several.map(lambda nodes: joined(Either, nodes)),
        inner.map(Not),
        st.builds(in_field, st.sampled_from(Field), inner),
        st.builds(Near, sides, sides, st.integers(0, 200), st.booleans()),
    )


def _trees() -> st.SearchStrategy[Node]:
    return st.recursive(_terms(), _larger, max_leaves=12).filter(needs_words)


@settings(max_examples=100, deadline=None)
@given(_trees())
def test_what_is_written_reads_as_the_same_query(root: Node) -> None:
    assert parse_query(str(Query(root))).root == root


@pytest.mark.fuzz
@settings(max_examples=5_000, deadline=None)
@given(_trees())
def test_any_tree_written_reads_as_the_same_query(root: Node) -> None:
    query = parse_query(str(Query(root)))
    assert query.root == root
    assert explain(query)


_UNITS = st.sampled_from(["刹", "车", "响", "cat", "dog", "7"])
_GAPS = st.sampled_from([" ", "，", " . "])


def _near_by_hand(units: list[str], left: str, right: str, most: int, ordered: bool) -> bool:
    places = [(i, j) for i, a in enumerate(units) for j, b in enumerate(units) if (a, b) == (left, right) and i != j]
    return any((i < j or not ordered) and abs(i - j) - 1 <= most for i, j in places)


@pytest.mark.fuzz
@settings(max_examples=5_000, deadline=None)
@given(st.lists(_UNITS, max_size=12), st.data(), _UNITS, _UNITS, st.integers(0, 6), st.booleans())
def test_near_agrees_with_counting_by_hand(
    units: list[str], data: st.DataObject, left: str, right: str, most: int, ordered: bool
) -> None:
    text = "".join(f"{unit}{data.draw(_GAPS)}" for unit in units)
    query = parse_query(f"{left} NEAR/{most}{'f' if ordered else ''} {right}")
    assert query.matches("", text, "") is _near_by_hand(units, left, right, most, ordered)


@pytest.mark.fuzz
@settings(max_examples=5_000, deadline=None)
@given(st.text(alphabet="刹车异响ab1 ，-é", min_size=1, max_size=30), st.data())
def test_what_stands_between_borders_of_words_is_found(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    words = text[start : data.draw(st.integers(start + 1, len(text)))]
    whole = not (_in_word(text, start) or _in_word(text, start + len(words)))
    if words.strip() and whole:
        assert parse_query(f'"{words}"').matches("", text, "")


def _in_word(text: str, place: int) -> bool:
    """Whether a Latin word goes on over this place."""
    return bool(re.fullmatch("[ab1é]{2}", text[max(place - 1, 0) : place + 1]))


_PARTS = st.sampled_from(
    [
        *(
            *_SAMPLES,
            *'()（）"“”「」|-－ \u3000，\u200b\x00\ud800𠮷',
            "AND",
            "not ",
            "非 ",
            "NEAR/5",
            "near/3f",
            "NEAR",
        ),
        *("title:", "url：", "author:", "哈哈"),
    ]
)


@pytest.mark.fuzz
@settings(max_examples=10_000, deadline=None)
@given(st.one_of(st.lists(_PARTS, max_size=40).map("".join), st.text(max_size=60)), st.text(max_size=60))
def test_anything_typed_is_read_or_refused(typed: str, text: str) -> None:
    started = time.process_time()
    if query := read(typed):
        assert parse_query(str(query)) == query
        query.matches(text, typed, text)
        assert explain(query)
    assert time.process_time() - started < 1


@pytest.mark.fuzz
@pytest.mark.parametrize(
    "unit", ["(", "-", "a ", "a|", "a NEAR/9 b ", "(a NEAR/0f b) | ", "title:", "「", '"a" ', "(a|", "-(a ", "a b) "]
)
def test_the_longest_queries_are_read_or_refused_at_once(unit: str) -> None:
    started = time.process_time()
    if query := read((unit * (LONGEST_QUERY // len(unit))).rstrip("| ")):
        query.matches("", "a " * 20_000 + "c b", "")
    assert time.process_time() - started < 20


@pytest.mark.fuzz
def test_a_phrase_of_many_words_is_looked_for_in_a_long_text_in_linear_time() -> None:
    query = parse_query('"' + "a " * 48 + 'b"')
    started = time.process_time()
    assert not query.matches("", "a  " * 100_000 + "c b", "")
    assert time.process_time() - started < 10
