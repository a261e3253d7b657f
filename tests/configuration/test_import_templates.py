"""Import templates: what their files may say, and which columns of a table they recognise."""

from pathlib import Path

import pytest

from monitor.configuration.import_templates import (
    FIELD_NAMES,
    ImportTemplate,
    choose_columns,
    finish,
    load_templates,
    remarks_on,
    template_named,
    why_unreadable,
)
from monitor.domain.errors import ConfigError, NotFound
from monitor.settings import resource_folder
from scrapers.base import RawPost, Rejection
from scrapers.reading.files import FIELDS

SHIPPED = resource_folder("config") / "imports"
WHOLE = """
title = "车友帮"
where = "后台"
no_scraper = "要登录"
rating_scale = 5
dropped = ["手机号"]
notes = ["按月导出"]
[columns]
text = ["评价 内容", "评论"]
id = ["评价ID"]
rating = ["星级"]
[more]
"追评" = ["追评内容"]
[rating_words]
columns = ["评价类型"]
words = { "好评" = 5, "差评" = 1 }
[example]
text = "漆面有划痕"
id = "0001"
rating = "2"
"追评" = "没人管"
rating_words = "差评"
"""


def written(folder: Path, text: str = WHOLE, name: str = "cheyoubang") -> Path:
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def template(tmp_path: Path) -> ImportTemplate:
    """A template of every kind of column."""
    return load_templates(written(tmp_path))["cheyoubang"]


def test_the_shipped_templates_are_well_formed_and_generic_stands_last() -> None:
    templates = load_templates(SHIPPED)
    assert {"weibo", "xiaohongshu", "zhihu", "douyin", "taobao", "jd", "autohome", "google_play"} < set(templates)
    assert list(templates)[-1] == "generic"


@pytest.mark.parametrize("name", [path.stem for path in SHIPPED.glob("*.toml")])
def test_a_shipped_template_says_where_the_table_is_and_why_there_is_no_collector(name: str) -> None:
    template = load_templates(SHIPPED)[name]
    assert name == "generic" or "以后台实际为准" in template.where
    assert len(template.no_scraper) > 20
    assert template.dropped


def test_every_field_of_a_table_has_a_name_for_people() -> None:
    assert set(FIELD_NAMES) == set(FIELDS)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('title = "车友帮"', "", "缺少 title"),
        ("rating_scale = 5", "rating_scale = 5\ncolour = 1", "不认识的 colour"),
        ('id = ["评价ID"]', 'phone = ["手机"]', "不认识的 phone"),
        ('text = ["评价 内容", "评论"]', "", "缺少 text"),
        ('id = ["评价ID"]', "id = []", "id 一个列名也没有"),
        ('id = ["评价ID"]', 'id = ["评价内容"]', "列名“评价内容”同时写给了 text 和 id"),
        ('"追评" = ["追评内容"]', 'title = ["追评内容"]', "[more] 里的 title 是别的列的名字"),
        ('["手机号"]', '["评价id"]', "dropped 里的“评价id”又写给了 id"),
        ('"差评" = 1', '"差评" = 9', "差评 应在 0 和 rating_scale（5）之间"),
        ('columns = ["评价类型"]', "", "columns 和 words 要一起写"),
        ('id = "0001"', "", "对不上的有 id"),
        ('id = "0001"', 'id = "0001"\nurl = "x"', "对不上的有 url"),
        ("rating_scale = 5", 'rating_scale = 5\ntimezone = "Mars"', "timezone 应为时区名"),
        ("[rating_words]", "[rating_words]\nscale = 5", "不认识的 scale"),
    ],
)
def test_a_mistake_is_named_with_file_and_key(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in WHOLE
    with pytest.raises(ConfigError) as caught:
        load_templates(written(tmp_path, WHOLE.replace(old, new, 1)))
    assert message in str(caught.value)
    assert "cheyoubang.toml" in str(caught.value)


def test_a_file_with_an_odd_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="文件名应由小写字母"):
        load_templates(written(tmp_path, name="车友帮"))


def test_a_template_of_ones_own_replaces_the_shipped_one(tmp_path: Path) -> None:
    templates = load_templates(SHIPPED, written(tmp_path, name="weibo"))
    assert templates["weibo"].title == "车友帮"
    assert templates["zhihu"].title == "知乎"


def test_an_unknown_template_is_answered_with_those_there_are(template: ImportTemplate) -> None:
    with pytest.raises(NotFound, match="没有名为“vk”的导入模板；有的是：cheyoubang"):
        template_named({"cheyoubang": template}, "vk")


def test_columns_are_found_by_any_of_their_names(template: ImportTemplate) -> None:
    choice = choose_columns(template, ["评论", " 评价id ", "星 级", "手机号"], {})
    assert choice.found == {"text": "评论", "id": " 评价id ", "rating": "星 级"}
    assert choice.missing == ("追评", "rating_words")


def test_the_first_name_wins_and_a_column_serves_once(template: ImportTemplate) -> None:
    assert choose_columns(template, ["评论", "评价内容"], {}).found["text"] == "评价内容"


def test_what_a_person_says_wins(template: ImportTemplate) -> None:
    choice = choose_columns(template, ["评价内容", "备注"], {"text": "备注", "id": "评价内容"})
    assert choice.mapping == {"text": "备注", "id": "评价内容"}


def test_missing_columns_are_told_with_the_names_that_were_looked_for(template: ImportTemplate) -> None:
    choice = choose_columns(template, ["评论"], {})
    remarks = list(remarks_on(template, choice, {"评论": ["好"]}))
    assert remarks[0] == "模板“车友帮”：正文 = 评论"
    assert "没有“编号”列，留空（找过：评价ID）" in remarks
    assert "没有“评分（文字）”列，留空（找过：评价类型）" in remarks


def test_ids_that_a_spreadsheet_has_rounded_are_told(template: ImportTemplate) -> None:
    choice = choose_columns(template, ["评论", "评价ID"], {})
    whole = list(remarks_on(template, choice, {"评价ID": ["4912345678901234567"]}))
    rounded = list(remarks_on(template, choice, {"评价ID": ["", "4.91235E+18"]}))
    assert len(rounded) == len(whole) + 1
    assert "科学计数法" in rounded[-1]


def test_a_table_without_words_is_explained(template: ImportTemplate) -> None:
    words = why_unreadable(template, ["日期", "金额"])
    assert "找过：评价 内容、评论；表里有：日期、金额。" in words
    assert "--map text=列名" in words


def _finished(template: ImportTemplate, post: RawPost) -> RawPost | Rejection:
    return finish(template, choose_columns(template, ["评论", "追评内容", "评价类型"], {}), post, "a.csv 第 2 行")


def test_a_later_addition_stands_below_the_text(template: ImportTemplate) -> None:
    post = _finished(template, RawPost("1", "还行", extra={"追评内容": " 掉漆了 "}))
    assert isinstance(post, RawPost)
    assert post.text == "还行\n追评：掉漆了"


def test_a_rating_in_words_becomes_a_number_where_there_is_none(template: ImportTemplate) -> None:
    worded = _finished(template, RawPost("1", "还行", extra={"评价类型": "差评"}))
    starred = _finished(template, RawPost("1", "还行", rating=2, rating_scale=5, extra={"评价类型": "好评"}))
    strange = _finished(template, RawPost("1", "还行", extra={"评价类型": "默认"}))
    assert isinstance(worded, RawPost)
    assert (worded.rating, worded.rating_scale) == (1.0, 5.0)
    assert isinstance(starred, RawPost)
    assert starred.rating == 2
    assert isinstance(strange, RawPost)
    assert strange.rating is None


def test_the_example_row_is_not_imported(template: ImportTemplate) -> None:
    refused = _finished(template, RawPost("1", "漆面有划痕"))
    assert refused == Rejection("a.csv 第 2 行", "这是模板里的示例行，没有导入")
