"""The page on which a post is copied by hand."""

from collections.abc import Callable

from flask.testing import FlaskClient
from sqlalchemy import select

from monitor.storage.db import Database
from monitor.storage.models import Post

SignIn = Callable[[str], FlaskClient]
URL = "https://weibo.example/1"


def test_a_copied_post_is_kept(sign_in: SignIn, sqlite: Database) -> None:
    answer = sign_in("alice").post("/capture", data={"text": "刹车异响，算了。", "url": URL}, follow_redirects=True)
    assert "已收下" in answer.get_data(as_text=True)
    with sqlite.reading() as session:
        assert session.scalars(select(Post.text)).all() == ["刹车异响，算了。"]


def test_the_bookmark_fills_the_form_and_stores_nothing(sign_in: SignIn, sqlite: Database) -> None:
    page = sign_in("alice").get("/capture", query_string={"url": URL, "title": "抱怨", "text": "<b>算了</b>"})
    shown = page.get_data(as_text=True)
    assert "&lt;b&gt;算了&lt;/b&gt;" in shown
    assert URL in shown
    with sqlite.reading() as session:
        assert session.scalars(select(Post)).all() == []


def test_the_bookmark_leads_to_this_installation(sign_in: SignIn) -> None:
    shown = sign_in("alice").get("/capture").get_data(as_text=True)
    assert "javascript:(function()" in shown
    assert "http://localhost/capture?url=" in shown


def test_an_address_that_was_met_before_is_told(sign_in: SignIn) -> None:
    client = sign_in("alice")
    client.post("/capture", data={"text": "刹车异响", "url": URL})
    assert "已经收过 1 条" in client.get("/capture", query_string={"url": URL}).get_data(as_text=True)


def test_what_is_wrong_stays_in_the_form(sign_in: SignIn) -> None:
    data = {"text": "算了", "url": "weibo", "written_at": "2099-01-01T10:00"}
    answer = sign_in("alice").post("/capture", data=data)
    assert answer.status_code == 422
    shown = answer.get_data(as_text=True)
    assert "不能晚于现在" in shown
    assert ">算了</textarea>" in shown


def test_who_may_not_judge_signals_may_not_copy(sign_in: SignIn) -> None:
    assert sign_in("bob").get("/capture").status_code == 403
