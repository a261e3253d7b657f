"""Signed deliveries through the API: believed once, and refused with a reason."""

import json
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from monitor.domain.webhooks import sign
from monitor.services.audit import SYSTEM
from monitor.services.sources import Wish, add_source, pause
from monitor.settings import Settings
from monitor.storage.db import Database
from monitor.storage.models import CollectRun, Post, Source
from monitor.wiring.sources import hook_key

ROW = {"id": "1", "text": "投诉：等了三个月", "author": "u1"}


class Sender:
    """A system that knows the key."""

    def __init__(self, client: FlaskClient, source_id: int, key: bytes, now: datetime) -> None:
        self.client, self.source_id, self.key, self.now = client, source_id, key, now

    def send(self, data: Any, *, delivery: str = "d1", **headers: str) -> TestResponse:
        body, stamp = json.dumps(data).encode(), int(self.now.timestamp())
        signed = {
            "webhook-id": delivery,
            "webhook-timestamp": str(stamp),
            "webhook-signature": sign(self.key, delivery, stamp, body),
        }
        return self.client.post(f"/api/v1/hooks/{self.source_id}", data=body, headers=signed | headers)


@pytest.fixture
def sender(client: FlaskClient, sqlite: Database, settings: Settings, now: datetime) -> Sender:
    """One whose source has a key of ours."""
    with sqlite.writing.begin() as session:
        source = add_source(session, Wish(name="客服系统", kind="push", options={}), by=SYSTEM, now=now)
        return Sender(client, source.id, hook_key(settings, source), now)


def test_a_delivery_is_taken_in_once_however_often_it_is_sent(sender: Sender, sqlite: Database) -> None:
    first = {"new": 1, "edited": 0, "unchanged": 0, "filtered": 0, "repeated": False, "rejected": []}
    assert sender.send([ROW]).json == first
    assert sender.send([ROW]).json == first | {"new": 0, "repeated": True}
    assert sender.send([ROW], delivery="d2").json == first | {"new": 0, "unchanged": 1}
    with sqlite.reading() as session:
        assert len(session.scalars(select(Post)).all()) == 1
        runs = session.scalars(select(CollectRun)).all()
    assert [(run.occasion, run.fetched, run.new) for run in runs] == [("push", 1, 1), ("push", 1, 0)]


def test_what_the_sender_deleted_is_gone_here_too(sender: Sender, sqlite: Database, now: datetime) -> None:
    sender.send([ROW])
    sender.send([{"id": "1", "deleted": True}], delivery="d2")
    with sqlite.reading() as session:
        post = session.scalars(select(Post)).one()
    assert (post.gone_at, post.text) == (now, "")


def test_a_row_that_says_nothing_is_named(sender: Sender) -> None:
    answer = sender.send([ROW, {"id": "2"}]).json
    assert answer is not None
    assert answer["rejected"] == [{"place": "第 2 条", "reason": "既没有正文也没有标题"}]


def test_a_source_is_never_visited(sender: Sender, sqlite: Database) -> None:
    with sqlite.reading() as session:
        assert session.get_one(Source, sender.source_id).next_run_at is None


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"webhook-signature": "v1,AAAA"}, "签名不对"),
        ({"webhook-timestamp": "1"}, "五分钟"),
        ({"webhook-id": ""}, "缺少"),
    ],
)
def test_what_is_not_signed_rightly_is_not_let_in(
    sender: Sender, sqlite: Database, headers: dict[str, str], reason: str
) -> None:
    answer = sender.send([ROW], **headers)
    assert answer.status_code == 401
    assert answer.json is not None
    assert reason in answer.json["message"]
    with sqlite.reading() as session:
        assert session.scalars(select(Post)).all() == []


def test_words_that_are_no_posts_are_refused_and_may_be_sent_again_mended(sender: Sender) -> None:
    assert sender.send("words").status_code == 422
    assert sender.send([ROW]).json is not None


def test_an_unknown_number_and_another_kind_are_not_found(sender: Sender, sqlite: Database, now: datetime) -> None:
    with sqlite.writing.begin() as session:
        feed = add_source(session, Wish(name="订阅", kind="feed", options={"url": "x"}), by=SYSTEM, now=now).id
    for number in (feed, 999_999, 2**40):
        sender.source_id = number
        assert sender.send([ROW]).status_code == 404


def test_a_source_that_was_switched_off_takes_nothing(sender: Sender, sqlite: Database, now: datetime) -> None:
    with sqlite.writing.begin() as session:
        pause(session, session.get_one(Source, sender.source_id), SYSTEM, now)
    assert sender.send([ROW]).status_code == 409


def test_a_key_of_the_senders_own_is_read_from_where_it_lies(
    client: FlaskClient, sqlite: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARTNER_KEY", "our own word")
    with sqlite.writing.begin() as session:
        wish = Wish(name="合作方", kind="push", options={"secret": "env:PARTNER_KEY"})
        number = add_source(session, wish, by=SYSTEM, now=now).id
    assert Sender(client, number, b"our own word", now).send([ROW]).status_code == 200
    assert Sender(client, number, b"another word", now).send([ROW], delivery="d2").status_code == 401
