"""Pushing posts in."""

import pytest
from sqlalchemy import select

from monitor.api.shapes import MAX_POSTS
from monitor.storage.db import Database
from monitor.storage.models import Post, Source
from tests.api.conftest import Machine


def _post(number: int = 1, text: str = "投诉：等了三个月", **more: object) -> dict[str, object]:
    return {"external_id": str(number), "text": text, **more}


def test_a_batch_is_taken_in_once(machine: Machine) -> None:
    assert machine.push(_post(1), _post(2)).json == {"new": 2, "edited": 0, "unchanged": 0, "rejected": []}
    assert machine.push(_post(1), _post(2)).json == {"new": 0, "edited": 0, "unchanged": 2, "rejected": []}


def test_other_words_for_the_same_post_are_an_edit(machine: Machine) -> None:
    machine.push(_post(1))
    answer = machine.push(_post(1, "投诉：等了四个月"))
    assert answer.json == {"new": 0, "edited": 1, "unchanged": 0, "rejected": []}


def test_a_post_that_cannot_be_taken_is_named_and_the_rest_comes_in(machine: Machine) -> None:
    answer = machine.push(_post(1), _post(2, "\x00"), {"external_id": "", "text": "x"}, _post(3)).json
    assert answer is not None
    assert answer["new"] == 2
    assert [(r["index"], r["external_id"]) for r in answer["rejected"]] == [(1, "2"), (2, "")]


def test_the_same_id_from_two_sources_is_two_posts(machine: Machine) -> None:
    machine.push(_post(1), source="论坛甲")
    assert machine.push(_post(1), source="论坛乙").json == {"new": 1, "edited": 0, "unchanged": 0, "rejected": []}


def test_complaints_come_in_as_direct(machine: Machine, sqlite: Database) -> None:
    machine.push(_post(1), source="客服电话", complaint=True)
    machine.push(_post(1), source="客服电话")
    with sqlite.reading() as session:
        sources = session.scalars(select(Source).join(Post, Post.source_id == Source.id).order_by(Post.id)).all()
    assert [(source.name, source.direct) for source in sources] == [("客服电话（均为投诉）", True), ("客服电话", False)]


@pytest.mark.parametrize("complaint", [True, False])
def test_a_program_cannot_write_into_another_source(machine: Machine, complaint: bool) -> None:
    answer = machine.push(_post(1), source="公开投诉表单", complaint=complaint)
    assert answer.status_code == (200 if complaint else 422)  # with complaint=true it is a source of another name
    if not complaint:
        assert answer.json is not None
        assert list(answer.json["fields"]) == ["source"]


def test_what_was_said_arrives_as_it_was_said(machine: Machine, sqlite: Database) -> None:
    machine.push(
        _post(
            1,
            "<script>alert(1)</script>\x00 刹车",
            title="标题",
            url="javascript:alert(1)",
            author="用户甲",
            created_at="2026-11-22T08:30:00+08:00",
            rating=1,
            rating_scale=5,
            thread_id="t",
            parent_id="p",
        )
    )
    with sqlite.reading() as session:
        post = session.scalars(select(Post)).one()
        assert post.text == "<script>alert(1)</script> 刹车"
        assert post.url == ""
        assert post.created_at is not None
        assert post.created_at.isoformat() == "2026-11-22T00:30:00+00:00"
        assert (post.rating, post.rating_scale, post.thread_id, post.parent_id) == (1, 5, "t", "p")
        assert post.customer is not None
        assert "用户甲" not in post.customer.pseudonym


def test_too_many_at_once_are_refused_with_the_limit(machine: Machine) -> None:
    assert machine.push(*(_post(n) for n in range(MAX_POSTS))).status_code == 200
    answer = machine.push(*(_post(n) for n in range(MAX_POSTS + 1)))
    assert answer.status_code == 413
    assert answer.json == {"code": "too_large", "message": "一次最多 500 条，这次有 501 条；请分几次推送。"}


def test_a_request_that_is_too_big_is_refused_in_json(machine: Machine) -> None:
    answer = machine.send(b'{"posts": [{"external_id": "1", "text": "' + b"x" * 17_000_000 + b'"}]}')
    assert answer.status_code == 413
    assert answer.json is not None
    assert answer.json["code"] == "too_large"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ('{"posts": [', "body"),
        ("[" * 100_000, "body"),
        ('{"posts": ' + "1" * 6000 + "}", "body"),
        (b'{"posts": "\xff"}', "body"),
        ("", "body"),
        ("[]", "body"),
        ("null", "body"),
        ("{}", "posts"),
        ('{"posts": {}}', "posts"),
        ('{"posts": [3]}', "posts.0"),
        ('{"posts": [{"text": "x"}]}', "posts.0.external_id"),
        ('{"posts": [{"external_id": 1, "text": "x"}]}', "posts.0.external_id"),
        ('{"posts": [{"external_id": "1", "text": []}]}', "posts.0.text"),
        ('{"posts": [{"external_id": "1", "rating": NaN}]}', "posts.0.rating"),
        ('{"posts": [{"external_id": "1", "created_at": "2026-11-22 08:30"}]}', "posts.0.created_at"),
        ('{"posts": [{"external_id": "1", "created_at": "0001-01-01T00:00:00+23:00"}]}', "posts.0.created_at"),
        ('{"posts": [{"external_id": "1", "wording": "x"}]}', "posts.0.wording"),
        ('{"posts": [], "complaint": "yes"}', "complaint"),
    ],
)
def test_what_is_malformed_is_refused_naming_the_field(machine: Machine, body: bytes | str, field: str) -> None:
    answer = machine.send(body)
    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["code"] == "invalid"
    assert field in answer.json["fields"]


def test_a_body_that_is_not_json_is_told_what_to_be(machine: Machine) -> None:
    answer = machine.send("posts=1", "application/x-www-form-urlencoded")
    assert answer.status_code == 422
    assert "application/json" in answer.text


def test_lone_surrogates_do_no_harm(machine: Machine) -> None:
    answer = machine.send('{"source": "\\ud800源", "posts": [{"external_id": "\\ud800a", "text": "投诉\\udfff"}]}')
    assert answer.json == {"new": 1, "edited": 0, "unchanged": 0, "rejected": []}
