"""Errors: what happened, what was kept, what to do."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import RequestEntityTooLarge, TooManyRequests

from monitor.domain.errors import Forbidden, InvalidAction, NotFound
from tests.cast import Cast

SignIn = Callable[[str], FlaskClient]


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (NotFound("没有这张工单。"), 404, "没有这张工单。"),
        (Forbidden("不行。"), 403, "不行。"),
        (InvalidAction("状态不对。"), 409, "状态不对。"),
        (RequestEntityTooLarge(), 413, "内容太大"),
        (TooManyRequests(), 429, "太频繁了"),
        (RuntimeError("a fault of ours"), 500, "刚才的修改没有保存"),
    ],
)
def test_every_error_has_its_page(app: Flask, error: Exception, status: int, words: str) -> None:
    def fail() -> str:
        raise error

    app.add_url_rule("/fail", view_func=fail)
    app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    response = app.test_client().get("/fail")
    assert response.status_code == status
    assert words in response.get_data(as_text=True)
    assert "a fault of ours" not in response.get_data(as_text=True)


def test_an_unknown_address_says_so(client: FlaskClient) -> None:
    response = client.get("/no-such-page")
    assert response.status_code == 404
    assert "没有找到" in response.get_data(as_text=True)


def test_every_answer_forbids_what_we_do_not_use(client: FlaskClient, people: Cast) -> None:
    for address in ("/sign-in", "/no-such-page", "/healthz", "/inbox"):
        headers = client.get(address).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"


def test_no_page_carries_inline_script_or_style(sign_in: SignIn) -> None:
    dave = sign_in("dave")
    addresses = ("/inbox", "/signals", "/sources", "/sources/new?kind=html", "/outbox", "/members", "/account/password")
    for address in addresses:
        page = dave.get(address).get_data(as_text=True)
        assert " style=" not in page
        assert "<style" not in page
        assert " onclick" not in page
        assert "<script>" not in page
        assert "http://" not in page.replace('xmlns="http://www.w3.org', "")


def test_the_service_says_that_it_is_alive(client: FlaskClient) -> None:
    assert client.get("/healthz").get_data(as_text=True) == "ok\n"


def test_the_way_in_leads_to_the_inbox(client: FlaskClient) -> None:
    assert client.get("/").location == "/inbox"
