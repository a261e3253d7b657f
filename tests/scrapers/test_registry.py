"""The table of kinds, and options checked before a source is built."""

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import scrapers
from scrapers.errors import CollectorNotConfigured
from scrapers.registry import KINDS, build, builder_for, check_options
from tests.scrapers.conftest import FakeFetch

PACKAGE = Path(scrapers.__file__).parent


def test_the_table_and_the_folder_say_the_same() -> None:
    files = {path.stem for path in (PACKAGE / "kinds").glob("*.py")} - {"__init__"}
    assert {target.split(":")[0].rpartition(".")[2] for target in KINDS.values()} == files


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_drawn_as_a_form(kind: str) -> None:
    builder = builder_for(kind)
    names = [option.name for option in builder.options]
    assert builder.title
    assert len(names) == len(set(names))
    for option in builder.options:
        assert option.help
        assert option.type in {str, int, float, bool}
        assert option.default is None or isinstance(option.default, option.type)


def test_an_unknown_kind_lists_the_known() -> None:
    with pytest.raises(CollectorNotConfigured, match="feed、json、html、folder"):
        builder_for("mailbox")


@pytest.mark.parametrize(
    ("options", "option", "message"),
    [
        ({}, "url", "缺少选项 url"),
        ({"url": "  "}, "url", "缺少选项 url"),
        ({"url": "https://a.example", "colour": "red"}, "colour", r"没有选项 colour.*'red'.*timezone"),
        ({"url": "https://a.example", "own_site": "maybe"}, "own_site", "'maybe'，应为是或否"),
        ({"url": 5}, "url", "5，应为文字"),
        ({"url": "https://a.example", "timezone": "Mars/North"}, "timezone", "Asia/Shanghai"),
    ],
)
def test_a_wrong_option_is_named_with_value_and_expectation(options: dict[str, Any], option: str, message: str) -> None:
    with pytest.raises(CollectorNotConfigured, match=message) as raised:
        build("feed", options, FakeFetch({}))
    assert raised.value.option == option


def test_words_from_a_form_become_values() -> None:
    words = {
        "url": " https://a.example ",
        "items": "@",
        "text": "t",
        "max_pages": "7",
        "rating_scale": "5",
        "own_site": "on",
    }
    checked = check_options(builder_for("json"), words)
    assert (checked["url"], checked["max_pages"], checked["own_site"]) == ("https://a.example", 7, True)
    assert (checked["rating_scale"], checked["paging"], checked["title"]) == (5.0, "none", None)


@pytest.mark.parametrize(
    ("name", "value"), [("max_pages", "7.5"), ("max_pages", "nan"), ("max_pages", True), ("paging", "up")]
)
def test_a_value_of_the_wrong_type_is_refused(name: str, value: object) -> None:
    with pytest.raises(CollectorNotConfigured) as raised:
        check_options(builder_for("json"), {"url": "u", "items": "@", "text": "t", name: value})
    assert raised.value.option == name


def test_an_own_site_is_told_to_the_fetch() -> None:
    told: list[str] = []

    class Fetch(FakeFetch):
        def owning(self, host: str) -> "Fetch":
            told.append(host)
            return self

    own = {"own_site": True, "own_reason": "公司内网，信息部同意"}
    build("feed", {"url": "http://intra.example:8080/feed", **own}, Fetch({}))
    build("feed", {"url": "http://other.example/feed", "own_reason": "没有标为自己的"}, Fetch({}))
    assert told == ["intra.example"]


@pytest.mark.parametrize("reason", [{}, {"own_reason": ""}, {"own_reason": " 我的 "}])
def test_rules_are_not_put_aside_without_a_written_reason(reason: dict[str, str]) -> None:
    options = {"url": "http://intra.example/feed", "own_site": True, **reason}
    with pytest.raises(CollectorNotConfigured, match="写明这是谁的网站、谁同意") as raised:
        build("feed", options, FakeFetch({}))
    assert raised.value.option == "own_reason"


@pytest.mark.parametrize("kind", KINDS)
def test_a_reason_can_be_given_wherever_a_site_can_be_one_s_own(kind: str) -> None:
    names = [option.name for option in builder_for(kind).options]
    assert ("own_reason" in names) == ("own_site" in names)
    if "own_site" in names:
        assert names.index("own_reason") == names.index("own_site") + 1


def test_the_contract_alone_loads_no_library() -> None:
    code = (
        "import sys, scrapers, scrapers.base, scrapers.errors, scrapers.registry;"
        "heavy = {'requests', 'lxml', 'selectolax', 'openpyxl', 'feedparser', 'jmespath'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PACKAGE.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_collectors_know_nothing_of_the_product() -> None:
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name.split(".")[0] == "monitor"], path
