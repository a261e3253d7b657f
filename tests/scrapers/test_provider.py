"""Providers of licensed data: a contract first, then the JSON interface."""

import json
from dataclasses import replace
from typing import Any

import pytest

from scrapers.base import Historian
from scrapers.errors import CollectorNotConfigured
from scrapers.kinds.json_api import JsonApi
from scrapers.registry import build, builder_for
from tests.scrapers.conftest import NOW, FakeFetch

URL = "https://data.example/v1/mentions"
CONTRACT = {"contract": "HT-2026-018", "provider": "某某数据有限公司"}
FIELDS: dict[str, Any] = {
    "url": URL,
    "items": "data.records",
    "id": "rid",
    "text": "content",
    "created": "publish_time",
    "author": "account_id",
    "paging": "cursor",
    "page_param": "scroll",
    "cursor_path": "data.scroll",
    "has_more": "data.more",
    "required": "id,text,created",
    "ok": "code == `0`",
}


def answer(numbers: range, scroll: str, *, more: bool) -> bytes:
    records = [
        {"rid": f"r{number}", "content": f"第 {number} 条", "publish_time": 1787270400000, "account_id": "a1"}
        for number in numbers
    ]
    return json.dumps({"code": 0, "data": {"records": records, "scroll": scroll, "more": more}}).encode()


def test_what_a_provider_delivers_is_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVIDER_TOKEN", "t-9")
    fetch = FakeFetch({URL: answer(range(3), "s2", more=True), f"{URL}?scroll=s2": answer(range(3, 5), "", more=False)})
    collector = build("provider", {**CONTRACT, **FIELDS, "token": "env:PROVIDER_TOKEN"}, fetch)
    assert isinstance(collector, JsonApi)
    assert isinstance(collector, Historian)
    batch = replace(collector, clock=lambda: NOW).collect({})
    assert [post.external_id for post in batch.posts] == ["r0", "r1", "r2", "r3", "r4"]
    assert {headers["Authorization"] for _, headers in fetch.asked} == {"Bearer t-9"}


@pytest.mark.parametrize("contract", ["", "无", "none", "测试用的"])
def test_without_a_contract_nothing_is_read(contract: str) -> None:
    with pytest.raises(CollectorNotConfigured) as raised:
        build("provider", {**CONTRACT, **FIELDS, "contract": contract}, FakeFetch({}))
    assert raised.value.option == "contract"


def test_every_option_of_the_json_interface_is_a_provider_s_too() -> None:
    shared = [option.name for option in builder_for("json").options]
    assert [option.name for option in builder_for("provider").options] == ["contract", "provider", *shared]
