"""Adding and changing a source in the browser: by form, by preview, by TOML."""

import html
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from monitor.services.intake import accept_posts
from monitor.storage.db import Database
from monitor.storage.models import AuditEntry, Post, Source
from monitor.web.source_forms import GROUPS
from monitor.wiring.sources import kinds
from tests.conftest import NOW
from tests.fakes import raw

SignIn = Callable[[str], FlaskClient]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with three posts."""
    place = tmp_path / "drop"
    place.mkdir()
    rows = "编号,正文\n1,刹车异响没人管\n2,空调不凉\n3,招聘刹车技师\n"
    (place / "posts.csv").write_text(rows, encoding="utf-8")
    return place


@pytest.fixture
def source_id(sqlite: Database, folder: Path) -> int:
    """A source with two stored posts, one of which has changed since."""
    with sqlite.writing.begin() as session:
        source = Source(
            name="表格", kind="folder", options={"path": str(folder)}, cursor={"files": {}}, next_run_at=None
        )
        session.add(source)
        session.flush()
        accept_posts(session, source, [raw("1", "刹车异响没人管"), raw("2", "空调坏")], pseudonym_key=b"k", now=NOW)
        return source.id


def _source(sqlite: Database, source_id: int) -> Source:
    with sqlite.reading() as session:
        return session.get_one(Source, source_id)


def test_every_kind_stands_in_one_group() -> None:
    named = [kind for _, rows in GROUPS for kind, _ in rows]
    assert sorted(named) == sorted(kinds())


def test_the_kinds_are_offered_in_groups_and_the_closed_platforms_explained(sign_in: SignIn) -> None:
    page = sign_in("dave").get("/sources/new").get_data(as_text=True)
    for kind, builder in kinds().items():
        assert f"kind={kind}" in page
        assert html.escape(builder.title) in page
    assert "没有采集器，也不会有" in page
    assert "/sources/import-templates/weibo.csv" in page


def test_a_preview_says_what_would_become_of_each_post(sign_in: SignIn, source_id: int, folder: Path) -> None:
    form = {"option_path": str(folder), "query": "(刹车 OR 空调) -招聘", "then": "preview", "name": "表格"}
    page = sign_in("dave").post(f"/sources/{source_id}/edit", data=form).get_data(as_text=True)
    assert "取到 3 条" in page
    for count, name in ((1, "有改动"), (1, "已有"), (1, "不合关键词")):
        assert f"<b>{count}</b>{name}" in page
    assert "存下的 2 条里，有 <b>2</b> 条合这个条件" in page


def test_a_query_that_cannot_be_read_is_named_before_anything_is_fetched(
    sign_in: SignIn, source_id: int, folder: Path
) -> None:
    form = {"option_path": str(folder), "query": "(刹车", "then": "preview"}
    response = sign_in("dave").post(f"/sources/{source_id}/edit", data=form)
    assert response.status_code == 422
    assert "第 1 个字" in response.get_data(as_text=True)


def test_the_form_of_a_source_shows_what_it_is(sign_in: SignIn, source_id: int, folder: Path) -> None:
    page = sign_in("dave").get(f"/sources/{source_id}/edit").get_data(as_text=True)
    assert 'value="表格"' in page
    assert str(folder) in page


def test_a_changed_source_begins_anew_and_is_audited(
    sign_in: SignIn, source_id: int, sqlite: Database, folder: Path
) -> None:
    form = {"name": "新表格", "option_path": str(folder), "option_text": "正文", "interval": "3600", "then": "save"}
    assert sign_in("dave").post(f"/sources/{source_id}/edit", data=form).status_code == 302
    source = _source(sqlite, source_id)
    assert (source.name, source.interval_seconds, source.next_run_at, source.cursor) == ("新表格", 3600, NOW, {})
    with sqlite.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "source_changed")).one()
    assert entry.data == {"changed": ["name", "interval", "text"]}


def test_another_name_alone_keeps_the_place(sign_in: SignIn, source_id: int, sqlite: Database, folder: Path) -> None:
    form = {"name": "新名字", "option_path": str(folder), "interval": "900", "then": "save"}
    sign_in("dave").post(f"/sources/{source_id}/edit", data=form)
    assert _source(sqlite, source_id).cursor == {"files": {}}


def test_a_new_query_tells_how_much_of_what_is_stored_it_wants(
    sign_in: SignIn, source_id: int, sqlite: Database, folder: Path
) -> None:
    form = {"name": "表格", "option_path": str(folder), "query": "刹车", "then": "save"}
    answer = sign_in("dave").post(f"/sources/{source_id}/edit", data=form, follow_redirects=True)
    assert "存下的 2 条里，有 1 条合新的关键词" in answer.get_data(as_text=True)
    assert _source(sqlite, source_id).query == "刹车"


def test_a_source_of_the_configuration_is_changed_there(sign_in: SignIn, sqlite: Database, source_id: int) -> None:
    with sqlite.writing.begin() as session:
        session.get_one(Source, source_id).origin = "config"
    form = {"name": "表格", "option_path": "x", "then": "save"}
    answer = sign_in("dave").post(f"/sources/{source_id}/edit", data=form, follow_redirects=True)
    assert "config/sources.toml" in answer.get_data(as_text=True)


def test_a_built_in_source_has_no_form(sign_in: SignIn, sqlite: Database) -> None:
    with sqlite.reading() as session:
        number = session.scalars(select(Source.id).where(Source.kind == "form")).one()
    answer = sign_in("dave").get(f"/sources/{number}/edit", follow_redirects=True)
    assert "内置来源" in answer.get_data(as_text=True)


def test_the_toml_of_a_source_can_be_pasted_elsewhere_and_gives_the_same(
    sign_in: SignIn, source_id: int, sqlite: Database
) -> None:
    dave = sign_in("dave")
    page = dave.get(f"/sources/{source_id}").get_data(as_text=True)
    toml = html.unescape(page.split('<pre class="code">')[1].split("</pre>")[0])
    before = _source(sqlite, source_id)
    with sqlite.writing.begin() as session:
        session.get_one(Source, source_id).name = "原来的"
    assert dave.post("/sources/toml", data={"text": toml}).status_code == 302
    with sqlite.reading() as session:
        made = session.scalars(select(Source).where(Source.name == "表格")).one()
    assert made.id != source_id
    assert (made.kind, made.options, made.interval_seconds) == (before.kind, before.options, before.interval_seconds)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[source]]\nname = ", "不是正确的 TOML"),
        ("", "每个来源以一行 [[source]] 开头"),
        ('[[source]]\nname = "a"\nkind = "weibo"\noptions = {}', "没有“weibo”这种来源"),
        (
            '[[source]]\nname = "a"\nkind = "feed"\ncolour = 1\noptions = { url = "https://a.example" }',
            "不认识的 colour",
        ),
        ('[[source]]\nname = "a"\nkind = "feed"\nquery = "(a"\noptions = { url = "https://a.example" }', "第 1 个字"),
    ],
)
def test_toml_with_a_fault_adds_nothing_and_says_where(sign_in: SignIn, sqlite: Database, text: str, said: str) -> None:
    answer = sign_in("dave").post("/sources/toml", data={"text": text})
    assert answer.status_code == 422
    assert said in html.unescape(answer.get_data(as_text=True))
    with sqlite.reading() as session:
        assert session.scalars(select(Source).where(Source.origin == "page", Source.name == "a")).all() == []


def test_a_pushed_source_shows_its_address_and_its_key_to_administrators_alone(sign_in: SignIn) -> None:
    answer = sign_in("dave").post("/sources/new", data={"kind": "push", "name": "客服系统", "then": "save"})
    page = sign_in("dave").get(answer.location).get_data(as_text=True)
    assert "/api/v1/hooks/" in page
    assert "whsec_" in page
    assert "whsec_" not in sign_in("alice").get(answer.location).get_data(as_text=True)


def test_nothing_is_stored_by_a_preview(sign_in: SignIn, sqlite: Database, folder: Path) -> None:
    form = {"kind": "folder", "option_path": str(folder), "then": "preview"}
    assert sign_in("dave").post("/sources/new", data=form).status_code == 200
    with sqlite.reading() as session:
        assert session.scalars(select(Post)).all() == []


def test_the_past_is_begun_stopped_and_gone_on_with_from_the_page(
    sign_in: SignIn, sqlite: Database, source_id: int
) -> None:
    dave = sign_in("dave")
    page = dave.post(f"/sources/{source_id}/backfill", data={}, follow_redirects=True).get_data(as_text=True)
    assert "读不到更早的" in page
    with sqlite.writing.begin() as session:
        source = session.get_one(Source, source_id)
        source.kind, source.options = "feed", {"url": "https://bbs.example.com/feed"}
    address = f"/sources/{source_id}/backfill"
    assert "正在补" in dave.post(address, data={"until": "2026-01-01"}, follow_redirects=True).get_data(as_text=True)
    assert "停下了" in dave.post(f"{address}/pause", follow_redirects=True).get_data(as_text=True)
    assert "正在补" in dave.post(f"{address}/resume", follow_redirects=True).get_data(as_text=True)
    assert "日期写得不对" in dave.post(address, data={"until": "soon"}, follow_redirects=True).get_data(as_text=True)
