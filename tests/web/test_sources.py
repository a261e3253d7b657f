"""Sources: state, visits, adding by preview."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from monitor.domain.health import Health
from monitor.storage.db import Database
from monitor.storage.models import AuditEntry, CollectRun, Post, Source
from tests.conftest import NOW

SignIn = Callable[[str], FlaskClient]


@pytest.fixture
def add(sqlite: Database) -> Callable[..., int]:
    """Adds a source, committed; gives its id."""

    def make(name: str = "论坛", **values: object) -> int:
        with sqlite.writing.begin() as session:
            source = Source(name=name, kind="feed", options={"url": "https://example.com/rss"}, cursor={}, **values)
            session.add(source)
            session.flush()
            return source.id

    return make


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one file of two posts and one row that says nothing."""
    place = tmp_path / "drop"
    place.mkdir()
    (place / "posts.csv").write_text("id,正文,标题\n1,刹车异响没人管,异响\n2,挺好的,\n3,,\n", encoding="utf-8")
    return place


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ({}, "新"),
        ({"health": Health.HEALTHY}, "正常"),
        ({"health": Health.BROKEN, "health_reason": "对方回答 503"}, "出错"),
        ({"health": Health.BLOCKED, "health_reason": "robots.txt 不允许"}, "被拒绝"),
        ({"health": Health.SILENT, "health_reason": "七小时没有新帖"}, "异常安静"),
        ({"enabled": False}, "停用"),
    ],
)
def test_a_source_says_its_state_in_words(
    sign_in: SignIn, add: Callable[..., int], values: dict[str, object], state: str
) -> None:
    add("某论坛", **values)
    page = sign_in("alice").get("/sources").get_data(as_text=True)
    row = page.split("某论坛")[1].split("</tr>")[0]
    assert f">{state}</span>" in row
    assert str(values.get("health_reason", "")) in row


def test_a_week_of_counts_is_drawn_and_said(sign_in: SignIn, add: Callable[..., int], sqlite: Database) -> None:
    source_id = add()
    with sqlite.writing.begin() as session:
        for days, new in ((0, 3), (1, 5), (8, 90)):
            at = NOW - timedelta(days=days)
            session.add(CollectRun(source_id=source_id, started_at=at, finished_at=at, fetched=new, new=new))
    page = sign_in("alice").get("/sources").get_data(as_text=True)
    assert "近七天新帖：0、0、0、0、0、5、3" in page


def test_the_visits_of_a_source_add_up(sign_in: SignIn, add: Callable[..., int], sqlite: Database) -> None:
    source_id = add()
    rejections = [{"place": "第 3 行", "reason": "没有文字"}]
    with sqlite.writing.begin() as session:
        session.add(
            CollectRun(source_id=source_id, started_at=NOW, finished_at=NOW, fetched=11, new=4, edited=1, unchanged=5,
                       rejected=1, rejections=rejections)
        )  # fmt: skip
    page = sign_in("alice").get(f"/sources/{source_id}").get_data(as_text=True)
    assert [
        f'"{label}">{n}</td>' in page for label, n in (("取到", 11), ("新", 4), ("改动", 1), ("没变", 5), ("不合格", 1))
    ]
    assert "第 3 行：没有文字" in page


def test_a_preview_shows_the_posts_and_stores_nothing(sign_in: SignIn, folder: Path, sqlite: Database) -> None:
    form = {"kind": "folder", "option_path": str(folder), "then": "preview"}
    response = sign_in("dave").post("/sources/new", data=form)
    page = response.get_data(as_text=True)
    assert response.status_code == 200
    assert "刹车异响没人管" in page
    assert "取到 2 条" in page
    with sqlite.reading() as session:
        assert not session.scalars(select(Post)).all()
        assert not session.scalars(select(Source).where(Source.origin == "page")).all()


def test_a_preview_that_fails_says_why_and_keeps_the_form(sign_in: SignIn, tmp_path: Path) -> None:
    form = {"kind": "folder", "option_path": str(tmp_path / "nowhere"), "then": "preview", "name": "我的文件夹"}
    response = sign_in("dave").post("/sources/new", data=form)
    page = response.get_data(as_text=True)
    assert response.status_code == 422
    assert "nowhere" in page
    assert 'value="我的文件夹"' in page


def test_a_wrong_option_is_named_at_its_field(sign_in: SignIn) -> None:
    response = sign_in("dave").post("/sources/new", data={"kind": "feed", "then": "preview"})
    assert response.status_code == 422
    assert "缺少选项 url" in response.get_data(as_text=True)


def test_a_saved_source_is_audited_and_visited_at_once(sign_in: SignIn, folder: Path, sqlite: Database) -> None:
    form = {"kind": "folder", "option_path": str(folder), "name": "经销商表", "interval": "3600", "then": "save"}
    assert sign_in("dave").post("/sources/new", data=form).status_code == 302
    with sqlite.reading() as session:
        source = session.scalars(select(Source).where(Source.name == "经销商表")).one()
        assert (source.next_run_at, source.interval_seconds, source.options["path"]) == (NOW, 3600, str(folder))
        assert session.scalars(select(AuditEntry).where(AuditEntry.action == "source_added")).one().name == "管理员"


def test_two_sources_cannot_share_a_name(sign_in: SignIn, add: Callable[..., int], folder: Path) -> None:
    add("论坛")
    form = {"kind": "folder", "option_path": str(folder), "name": "论坛", "then": "save"}
    response = sign_in("dave").post("/sources/new", data=form)
    assert response.status_code == 422
    assert "请换一个名字" in response.get_data(as_text=True)


def test_a_source_is_paused_resumed_and_visited_by_hand(
    sign_in: SignIn, add: Callable[..., int], sqlite: Database
) -> None:
    source_id, dave = add(next_run_at=NOW + timedelta(hours=1), blocked=True), sign_in("dave")

    def state() -> tuple[bool, bool, object]:
        with sqlite.reading() as session:
            source = session.get_one(Source, source_id)
            return source.enabled, source.blocked, source.next_run_at

    dave.post(f"/sources/{source_id}/collect")
    assert state() == (True, False, NOW)
    dave.post(f"/sources/{source_id}/pause")
    assert state() == (False, False, None)
    page = dave.post(f"/sources/{source_id}/collect", follow_redirects=True).get_data(as_text=True)
    assert "请先启用" in page
    dave.post(f"/sources/{source_id}/resume")
    assert state() == (True, False, NOW)


def test_a_built_in_source_cannot_be_paused(sign_in: SignIn, sqlite: Database) -> None:
    with sqlite.reading() as session:
        form = session.scalars(select(Source.id).where(Source.kind == "form")).one()
    page = sign_in("dave").post(f"/sources/{form}/pause", follow_redirects=True).get_data(as_text=True)
    assert "内置来源" in page
