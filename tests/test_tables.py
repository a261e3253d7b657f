"""Strict TOML: every mistake is named with its place, its key and what was expected."""

from pathlib import Path

import pytest

from monitor.domain.errors import ConfigError
from monitor.tables import Table, read_toml


def _table(**data: object) -> Table:
    return Table(dict(data), "a.toml")


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [(1, str, "文字"), ("1", int, "整数"), (True, int, "整数"), (1.5, int, "整数"), (1, bool, "true 或 false"),
     ("x", float, "数字"), (False, float, "数字"), ("x", list, "列表"), ([], dict, "表")],
)  # fmt: skip
def test_another_type_is_refused_by_name(value: object, kind: type, expected: str) -> None:
    with pytest.raises(ConfigError) as refused:
        _table(key=value).take("key", kind)
    assert all(part in str(refused.value) for part in ("a.toml", "key", expected, repr(value)))


def test_a_whole_number_is_a_number() -> None:
    assert _table(key=2).take("key", float) == 2.0


def test_a_missing_key_without_a_default_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"a\.toml：缺少 key，应为文字"):
        _table().take("key", str)
    assert _table().take("key", str, "default") == "default"


def test_an_unknown_key_is_refused_with_those_that_may_stand_there() -> None:
    table = _table(known=1, knwon=2)
    table.take("known", int)
    with pytest.raises(ConfigError, match="不认识的 knwon；可以写的有 known"):
        table.finish()


@pytest.mark.parametrize("values", [["a", 1], ["a", ""], [["a"]]])
def test_words_are_all_texts_and_none_is_empty(values: list[object]) -> None:
    with pytest.raises(ConfigError, match="key 里应全是非空的文字"):
        _table(key=values).words("key")


def test_a_choice_names_the_choices() -> None:
    with pytest.raises(ConfigError, match="key 应为 a / b，给的是 'c'"):
        _table(key="c").choice("key", ["a", "b"])


def test_tables_in_a_list_are_numbered() -> None:
    assert [row.place for row in _table(row=[{}, {}]).tables("row")] == [
        "a.toml 第 1 个 [[row]]",
        "a.toml 第 2 个 [[row]]",
    ]
    with pytest.raises(ConfigError, match=r"应写成 \[\[row\]\]"):
        _table(row=[1]).tables("row")


def test_a_file_that_is_no_toml_or_no_utf8_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text("key = = 1", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"x\.toml：不是正确的 TOML.*line 1"):
        read_toml(path)
    path.write_bytes("名 = '客服'".encode("gbk"))
    with pytest.raises(ConfigError, match=r"x\.toml：不是 UTF-8 编码（第 0 字节起）"):
        read_toml(path)


def test_an_absent_file_is_an_empty_table(tmp_path: Path) -> None:
    read_toml(tmp_path / "absent.toml").finish()
