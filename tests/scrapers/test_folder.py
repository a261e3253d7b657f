"""Files dropped into a folder: whole, growing, broken, packed, enormous."""

import gzip
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrapers.base import Batch, Payload, RawPost, Rejection
from scrapers.errors import CollectError
from scrapers.kinds.folder import Folder, read_file
from tests.scrapers.conftest import NOW, PAYLOADS, ZONE
from tests.scrapers.fuzzing import THOROUGH, mutated


def folder(path: Path, **mapping: str) -> Folder:
    return Folder(path=path, mapping=mapping, zone=ZONE, clock=lambda: NOW)


def visit(path: Path, before: Batch | None = None, **mapping: str) -> Batch:
    cursor = json.loads(json.dumps(before.cursor)) if before else {}
    return folder(path, **mapping).collect(cursor)


def texts(batch: Batch) -> list[str]:
    return [post.text for post in batch.posts]


def put(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(path: Path, mapping: dict[str, str] | None = None, **named: Any) -> list[RawPost | Rejection]:
    return list(read_file(path, mapping or {}, now=NOW, **named))


def test_chinese_columns_are_understood_without_being_named() -> None:
    first, second, third = read(PAYLOADS / "folder" / "export.csv")
    assert isinstance(first, RawPost)
    assert (first.external_id, first.title, first.author, first.rating) == ("T001", "保养排队", "木子", 2.0)
    assert first.text == "约好九点，十一点才接车。\n前台说大家都这样。"
    assert first.created_at == datetime(2026, 8, 20, 1, tzinfo=UTC)
    assert first.extra == {"车型": "青禾 L", "_line": "2"}
    assert isinstance(second, RawPost)
    assert isinstance(third, RawPost)
    assert (second.extra["_line"], third.extra["_line"]) == ("4", "5")


def test_columns_can_be_named(tmp_path: Path) -> None:
    path = put(tmp_path / "a.csv", "甲,乙\n一号,刹车软\n")
    (post,) = read(path, {"id": "甲", "text": "乙"})
    assert isinstance(post, RawPost)
    assert (post.external_id, post.text) == ("一号", "刹车软")


def test_a_file_without_a_text_column_shows_its_columns(tmp_path: Path) -> None:
    path = put(tmp_path / "a.csv", "甲,乙\n1,2\n")
    assert read(path) == [
        Rejection("a.csv", "找不到正文列；表头有：甲、乙。请用选项 text 指明哪一列是正文（text=列名）")
    ]


def test_json_lines_are_read_and_a_bad_line_is_told() -> None:
    first, second, bad, last = read(PAYLOADS / "folder" / "rows.jsonl")
    assert isinstance(first, RawPost)
    assert (first.external_id, first.author) == ("1", "夜行")
    assert isinstance(second, RawPost)
    assert isinstance(bad, Rejection)
    assert bad.place == "rows.jsonl 第 3 行"
    assert isinstance(last, RawPost)


def test_a_part_of_a_file_can_be_read() -> None:
    whole = read(PAYLOADS / "folder" / "rows.jsonl")
    assert read(PAYLOADS / "folder" / "rows.jsonl", start=1, limit=2) == whole[1:3]


def test_a_part_from_the_middle_names_its_rows_like_the_whole(tmp_path: Path) -> None:
    path = put(tmp_path / "a.csv", "id,text\n,顶\n,顶\n7,甲\n7,乙\n,顶\n,\x00\n")
    assert read(path, start=3) == read(path)[3:]
    assert read(path, start=99) == []


def test_a_sheet_is_read_with_dates_and_numbers(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["编号", "内容", "时间", "评分"])
    sheet.append([17, "天窗漏水", datetime(2026, 8, 20, 9, 0), 1.5])  # noqa: DTZ001
    sheet.append([18, '="算"&"式"', None, None])
    book.save(tmp_path / "a.xlsx")
    post, formula = read(tmp_path / "a.xlsx")
    assert isinstance(post, RawPost)
    assert (post.external_id, post.text, post.rating) == ("17", "天窗漏水", 1.5)
    assert post.created_at == datetime(2026, 8, 20, 1, tzinfo=UTC)
    assert isinstance(formula, Rejection)
    assert "公式" in formula.reason


def test_ten_identical_rows_stay_ten_and_keep_their_names(tmp_path: Path) -> None:
    path = put(tmp_path / "a.csv", "内容\n" + "顶\n" * 10)
    before = [post.external_id for post in read(path) if isinstance(post, RawPost)]
    assert len(set(before)) == 10
    put(path, "内容\n" + "顶\n" * 11)
    after = [post.external_id for post in read(path) if isinstance(post, RawPost)]
    assert after[:10] == before


def test_rows_that_share_an_id_but_not_their_words_hide_none(tmp_path: Path) -> None:
    path = put(tmp_path / "a.csv", "id,text\n1,甲\n1,乙\n1,甲\n")
    names = [post.external_id for post in read(path) if isinstance(post, RawPost)]
    assert (names[0], names[2], len(set(names))) == ("1", "1", 2)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_files_of_every_encoding_are_read(tmp_path: Path, encoding: str) -> None:
    path = put(tmp_path / "a.csv", "编号,内容\n1,轮胎鼓包，售后说是我自己撞的\n".encode(encoding))
    (post,) = read(path)
    assert isinstance(post, RawPost)
    assert (post.external_id, post.text) == ("1", "轮胎鼓包，售后说是我自己撞的")


def test_a_line_of_broken_bytes_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    body = "id,text\n1,前一行很正常的文字\n2,".encode() + b"\xff\xfe\xff" + "\n3,后一行\n".encode()
    first, bad, last = read(put(tmp_path / "a.csv", body))
    assert bad == Rejection("a.csv 第 3 行", "有无法识别的字节（按 utf-8 读取）")
    assert isinstance(first, RawPost)
    assert isinstance(last, RawPost)


def test_a_quote_that_never_ends_costs_one_row(tmp_path: Path) -> None:
    rows = "".join(f"{number},第{number}条\n" for number in range(5000))
    items = read(put(tmp_path / "a.csv", f'id,text\nx,"没有收尾\n{rows}'))
    assert isinstance(items[0], Rejection)
    assert items[0].place == "a.csv 第 2 行"
    assert [item.external_id for item in items[1:] if isinstance(item, RawPost)] == [
        str(number) for number in range(5000)
    ]


def test_a_row_with_too_many_cells_is_told(tmp_path: Path) -> None:
    items = read(put(tmp_path / "a.csv", "id,text\n1,甲,乙\n2,丙\n"))
    assert isinstance(items[0], Rejection)
    assert "逗号" in items[0].reason
    assert isinstance(items[1], RawPost)


def test_a_cell_of_ten_megabytes_is_kept_whole(tmp_path: Path) -> None:
    put(tmp_path / "a.csv", "id,text\n1," + "长" * 3_500_000 + "\n2,短\n")
    batch = visit(tmp_path)
    assert [len(post.text) for post in batch.posts] == [3_500_000, 1]
    assert batch.rejections == ()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "空文件"),
        ("a.jsonl", b"", "空文件"),
        ("a.xlsx", b"id,text\n1,x\n", "不是真正的 .xlsx"),
        ("a.xls", b"\xd0\xcf", "旧版 Excel"),
        ("a.pdf", b"%PDF", "不是可读取的文件类型"),
        ("a.json", b"[]", "jsonl"),
        ("a.csv.gz", b"plain", "压缩包不完整"),
        ("a.csv", b"\n\n\n", "没有表头"),
    ],
)
def test_a_file_that_cannot_be_read_says_why_and_stops_no_other(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    put(tmp_path / name, content)
    put(tmp_path / "z.csv", "text\n好\n")
    batch = visit(tmp_path)
    assert message in batch.rejections[0].reason
    assert texts(batch) == ["好"]
    assert visit(tmp_path, batch).rejections == ()


def test_packed_files_are_read_and_a_torn_one_gives_what_it_has(tmp_path: Path) -> None:
    rows = "id,text\n" + "".join(f"{number},{os.urandom(20).hex()}\n" for number in range(50_000))
    packed = gzip.compress(rows.encode())
    assert len(read(put(tmp_path / "whole.csv.gz", packed))) == 50_000
    items = read(put(tmp_path / "torn.csv.gz", packed[: len(packed) // 2]))
    assert isinstance(items[-1], Rejection)
    assert "不完整" in items[-1].reason
    assert len(items) > 10_000


def test_an_unchanged_file_is_not_read_again(tmp_path: Path) -> None:
    put(tmp_path / "a.csv", "text\n一\n二\n")
    before = visit(tmp_path)
    after = visit(tmp_path, before)
    assert (texts(before), texts(after), after.cursor) == (["一", "二"], [], before.cursor)


def test_a_grown_file_goes_on_from_its_last_row(tmp_path: Path) -> None:
    path = put(tmp_path / "a.csv", "id,text\n1,一\n2,半")
    before = visit(tmp_path)
    put(path, "id,text\n1,一\n2,半句话\n3,三\n")
    after = visit(tmp_path, before)
    assert [(post.external_id, post.text) for post in after.posts] == [("2", "半句话"), ("3", "三")]


def test_a_rewritten_file_is_read_anew_under_the_same_names(tmp_path: Path) -> None:
    path = put(tmp_path / "a.csv", "id,text\n1,旧\n2,二\n")
    before = visit(tmp_path)
    put(path, "id,text\n1,新\n2,二\n3,三\n")
    after = visit(tmp_path, before)
    assert [post.external_id for post in after.posts] == ["1", "2", "3"]


def test_a_large_file_comes_in_pieces_that_miss_and_repeat_nothing(tmp_path: Path) -> None:
    put(tmp_path / "a.csv", "text\n" + "".join(f"第{number}条\n" for number in range(4500)))
    put(tmp_path / "b.csv", "text\n末\n")
    seen: list[str] = []
    batch = visit(tmp_path)
    sizes = [len(batch.posts)]
    seen += texts(batch)
    while batch.more:
        batch = visit(tmp_path, batch)
        sizes.append(len(batch.posts))
        seen += texts(batch)
    assert sizes == [2000, 2000, 501]
    assert seen == [f"第{number}条" for number in range(4500)] + ["末"]


def test_identical_rows_keep_their_numbers_across_pieces(tmp_path: Path) -> None:
    put(tmp_path / "a.csv", "text\n" + "顶\n" * 2500)
    first = visit(tmp_path)
    second = visit(tmp_path, first)
    assert len({post.external_id for post in (*first.posts, *second.posts)}) == 2500


def test_a_file_is_kept_as_evidence_when_it_is_begun_and_not_again(tmp_path: Path) -> None:
    path = put(tmp_path / "a.csv", "text\n" + "顶\n" * 2500)
    first = visit(tmp_path)
    second = visit(tmp_path, first)
    assert first.payloads == (Payload("a.csv", path.read_bytes(), "text/csv"),)
    assert (second.payloads, visit(tmp_path, second).payloads) == ((), ())
    put(path, "text\n改了\n")
    assert visit(tmp_path, second).payloads[0].body == path.read_bytes()


def test_a_large_file_is_read_and_not_kept(tmp_path: Path) -> None:
    put(tmp_path / "a.csv", "id,text\n1," + "长" * 2_000_000 + "\n")
    batch = visit(tmp_path)
    assert (len(batch.posts), batch.payloads) == (1, ())


def test_many_files_of_evidence_come_in_pieces(tmp_path: Path) -> None:
    for number in range(7):
        put(tmp_path / f"{number}.csv", f"id,text\n{number}," + "长" * 1_300_000 + "\n")
    first = visit(tmp_path)
    second = visit(tmp_path, first)
    assert ([len(first.posts), len(second.posts)], first.more, second.more) == ([6, 1], True, False)


@pytest.mark.parametrize("name", [".a.csv", "~$a.xlsx", "a.csv.tmp", "a.csv.part"])
def test_a_file_still_being_written_is_left(tmp_path: Path, name: str) -> None:
    put(tmp_path / name, "text\n半\n")
    batch = visit(tmp_path)
    assert (batch.posts, batch.rejections, batch.cursor) == ((), (), {"files": {}})


def test_a_folder_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(CollectError, match="不存在"):
        visit(tmp_path / "nowhere")


@given(st.binary(max_size=300), st.sampled_from([".csv", ".jsonl", ".xlsx", ".csv.gz", ".tsv"]))
@settings(max_examples=150, deadline=None)
def test_no_bytes_break_the_reader(tmp_path_factory: pytest.TempPathFactory, body: bytes, ending: str) -> None:
    path = put(tmp_path_factory.mktemp("fuzz") / f"a{ending}", body)
    for item in read(path):
        assert isinstance(item, (RawPost, Rejection))


@pytest.mark.fuzz
@given(st.sampled_from(["export.csv", "rows.jsonl"]), st.data())
@THOROUGH
def test_no_damage_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject) -> None:
    body = data.draw(mutated((PAYLOADS / "folder" / name).read_bytes()))
    path = tmp_path_factory.getbasetemp() / f"fuzzed{Path(name).suffix}"
    for item in read(put(path, body)):
        assert isinstance(item, Rejection) or item.text.encode()


@given(st.lists(st.text(max_size=12), min_size=1, max_size=6))
@settings(max_examples=100, deadline=None)
def test_words_with_every_sign_survive_json_lines(tmp_path_factory: pytest.TempPathFactory, words: list[str]) -> None:
    rows = "".join(json.dumps({"text": word}) + "\n" for word in words)
    for item in read(put(tmp_path_factory.mktemp("fuzz") / "a.jsonl", rows)):
        assert isinstance(item, Rejection) or item.text.encode()


def test_the_monthly_export_of_an_app_store_is_read_without_being_told_its_columns(tmp_path: Path) -> None:
    dates = "Review Submit Date and Time,Review Last Update Date and Time"
    head = f"Package Name,{dates},Star Rating,Review Title,Review Text,Review Link"
    row = "com.example.car,2026-08-01T01:02:03Z,2026-08-02T01:02:03Z,2,远程启动,总是连不上车,https://play.example/r/1"
    (tmp_path / "reviews_202608.csv").write_bytes(f"{head}\n{row}\n".encode("utf-16"))
    post = next(iter(read_file(tmp_path / "reviews_202608.csv", {})))
    assert isinstance(post, RawPost)
    assert (post.text, post.title, post.rating, post.url) == (
        "总是连不上车",
        "远程启动",
        2.0,
        "https://play.example/r/1",
    )
    assert post.edited_at is not None
