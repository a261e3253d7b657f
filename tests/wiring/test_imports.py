"""Files as platforms give them, read by a template."""

from pathlib import Path

import pytest

from monitor.domain.errors import Invalid
from monitor.settings import resource_folder
from monitor.wiring.imports import read_by_template, templates_in_force
from scrapers.base import RawPost, Rejection

TEMPLATES = templates_in_force(resource_folder("config"))


def test_a_gbk_table_with_columns_nobody_asked_for_is_read(tmp_path: Path) -> None:
    path = tmp_path / "评价.csv"
    path.write_bytes("序号,评价内容,评价类型,手机号\n1,安装师傅没来,差评,13900000000\n".encode("gbk"))
    reading = read_by_template(path, TEMPLATES["taobao"], {})
    (post,) = reading.items
    assert isinstance(post, RawPost)
    assert (post.text, post.rating, post.rating_scale) == ("安装师傅没来", 1.0, 5.0)
    assert any(words.startswith("没有“发布时间”列") for words in reading.remarks)


def test_google_plays_table_in_utf_16_is_read(tmp_path: Path) -> None:
    path = tmp_path / "reviews_com.example.car_202603.csv"
    header = (
        "Package Name,Reviewer Language,Review Submit Date and Time,Star Rating,Review Title,Review Text,Review Link"
    )
    rows = [
        "com.example.car,x1,2026-03-05T01:30:00Z,1,,连不上车,https://play.example.com/r?reviewId=a1",
        "com.example.car,x1,2026-03-05T01:31:00Z,5,,,",
    ]
    path.write_bytes("\r\n".join([header, *rows]).encode("utf-16"))
    post, starred = read_by_template(path, TEMPLATES["google_play"], {}).items
    assert isinstance(post, RawPost)
    assert (post.external_id, post.rating, post.zone_assumed) == ("https://play.example.com/r?reviewId=a1", 1.0, False)
    assert isinstance(starred, Rejection)


def test_a_table_without_a_column_of_words_says_what_was_looked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("数据导出时间：2026-03-05,,\n日期,金额,门店\n", encoding="utf-8")
    with pytest.raises(Invalid, match=r"找过：评论内容、.*表里有：数据导出时间：2026-03-05、"):
        read_by_template(path, TEMPLATES["weibo"], {})


def test_a_person_can_name_the_column_of_words(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("原声,评论ID\n等了俩月,7\n", encoding="utf-8")
    (post,) = read_by_template(path, TEMPLATES["weibo"], {"text": "原声"}).items
    assert isinstance(post, RawPost)
    assert (post.text, post.external_id) == ("等了俩月", "7")


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02"])
def test_a_file_that_cannot_be_read_is_one_rejection(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    (rejection,) = read_by_template(path, TEMPLATES["weibo"], {}).items
    assert isinstance(rejection, Rejection)


def test_a_header_alone_brings_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("评论内容,评论ID\n", encoding="utf-8")
    assert list(read_by_template(path, TEMPLATES["weibo"], {}).items) == []


def test_a_template_in_the_configuration_folder_is_in_force(tmp_path: Path) -> None:
    shipped = (resource_folder("config") / "imports" / "weibo.toml").read_text(encoding="utf-8")
    (tmp_path / "imports").mkdir()
    own = tmp_path / "imports" / "cheyoubang.toml"
    own.write_text(shipped.replace('title = "微博"', 'title = "车友帮"'), encoding="utf-8")
    assert templates_in_force(tmp_path)["cheyoubang"].title == "车友帮"
