"""Headers and tokens: where they come from, and to whom they are shown."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from scrapers.base import Fetch
from scrapers.errors import CollectorNotConfigured
from scrapers.fetching.credentials import credentialed, headers_of
from tests.scrapers.conftest import FakeFetch

URL = "https://api.example/list"


def sent(options: Mapping[str, Any], url: str = URL) -> dict[str, str]:
    """The headers that a request to `url` carries."""
    fetch = FakeFetch({url: b""})
    wrapped: Fetch = credentialed(fetch, URL, options)
    wrapped(url, headers={"If-None-Match": "x"})
    return {name: value for name, value in fetch.asked[0][1].items() if name != "If-None-Match"}


def test_a_token_goes_to_its_own_site_and_to_no_other() -> None:
    assert sent({"token": "t-1"}) == {"Authorization": "Bearer t-1"}
    for other in ("https://cdn.example/2", "http://api.example/list", "https://api.example:8443/list", "https://[::1"):
        assert sent({"token": "t-1"}, other) == {}


def test_a_token_is_not_sent_where_everyone_can_read_it() -> None:
    with pytest.raises(CollectorNotConfigured, match="https"):
        credentialed(FakeFetch({}), "http://api.example/list", {"token": "t-1"})
    credentialed(FakeFetch({}), "http://intra.example/list", {"token": "t-1", "own_site": True})


def test_headers_are_parted_at_lines_and_semicolons_but_not_within_values() -> None:
    words = "Accept: application/json; version=2; X-Key: abc\nX-Site: https://a.example/;b"
    assert headers_of({"headers": words}) == {
        "Accept": "application/json; version=2",
        "X-Key": "abc",
        "X-Site": "https://a.example/;b",
    }


def test_secrets_in_headers_are_references(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("API_KEY", "s3cret")
    (tmp_path / "key").write_text("from-file\n", "utf-8")
    words = f"X-Key: env:API_KEY; Authorization: Token file:{tmp_path}/key"
    assert headers_of({"headers": words}) == {"X-Key": "s3cret", "Authorization": "Token from-file"}


def test_a_secret_is_not_shown_with_the_collector() -> None:
    assert "t-1" not in repr(credentialed(FakeFetch({}), URL, {"token": "t-1"}))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"headers": "Cookie: sid=1"}, "如实表明身份"),
        ({"headers": "User-Agent: Mozilla/5.0"}, "如实表明身份"),
        ({"headers": "no colon here"}, "看不懂"),
        ({"headers": "X-Key:"}, "看不懂"),
        ({"headers": "X-Key: env:NOT_SET_ANYWHERE"}, "没有设置"),
        ({"headers": "X-Name: 青禾"}, "不能发送"),
        ({"headers": "Authorization: Basic eA==", "token": "t"}, "已有 Authorization"),
    ],
)
def test_headers_that_cannot_be_are_told(options: dict[str, str], message: str) -> None:
    with pytest.raises(CollectorNotConfigured, match=message) as raised:
        headers_of(options)
    assert raised.value.option == "headers"
