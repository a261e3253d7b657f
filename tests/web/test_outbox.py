"""The outbox: what was written, and whether it went."""

from collections.abc import Callable
from datetime import datetime

import pytest
from flask.testing import FlaskClient

from monitor.domain.alerts import Event
from monitor.storage.db import Database
from monitor.storage.models import Notification
from tests.conftest import NOW

SignIn = Callable[[str], FlaskClient]


@pytest.fixture
def written(sqlite: Database) -> Callable[..., int]:
    """Writes a message, committed; gives its id."""

    def make(subject: str = "[一般·派单] 质量技术", *, sent: datetime | None = None, error: str = "") -> int:
        with sqlite.writing.begin() as session:
            row = Notification(
                key=f"{subject}{sent}{error}",
                event=Event.TICKET_DISPATCHED,
                channel="mail",
                recipient="quality@example.com",
                subject=subject,
                text="纯文字 <b>不是标记</b>",
                html="<p onclick='x()'>网页版</p><script>alert(1)</script>",
                created_at=NOW,
                sent_at=sent,
                error=error,
                next_attempt_at=None if sent or error else NOW,
            )
            session.add(row)
            session.flush()
            return row.id

    return make


def test_each_message_says_how_far_it_came(sign_in: SignIn, written: Callable[..., int]) -> None:
    written("还没发")
    written("发了", sent=NOW)
    written("没发成", error="SMTP 550：没有这个收件人")
    page = sign_in("erin").get("/outbox").get_data(as_text=True)
    for subject, state in (("还没发", "待发"), ("发了", "已留存"), ("没发成", "失败")):
        assert f">{state}</span>" in page.split(f">{subject}</a>")[1].split("</tr>")[0]
    assert "SMTP 550" in page
    assert "没有离开这台机器" in page


def test_the_list_can_be_narrowed_to_what_failed(sign_in: SignIn, written: Callable[..., int]) -> None:
    written("发了", sent=NOW)
    written("没发成", error="拒收")
    page = sign_in("erin").get("/outbox?state=failed").get_data(as_text=True)
    assert "没发成" in page
    assert "发了</a>" not in page


def test_the_mail_is_shown_in_a_frame_that_can_do_nothing(sign_in: SignIn, written: Callable[..., int]) -> None:
    erin, number = sign_in("erin"), written()
    page = erin.get(f"/outbox/{number}")
    assert '<iframe class="mail-frame" sandbox=""' in page.get_data(as_text=True)
    assert "纯文字 &lt;b&gt;不是标记&lt;/b&gt;" in page.get_data(as_text=True)
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    policy = erin.get(f"/outbox/{number}/html").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy


def test_a_failed_message_is_tried_again(sign_in: SignIn, written: Callable[..., int], sqlite: Database) -> None:
    number = written(error="拒收")
    sign_in("dave").post(f"/outbox/{number}/retry")
    with sqlite.reading() as session:
        row = session.get_one(Notification, number)
    assert (row.next_attempt_at, row.error) == (NOW, "")


def test_a_sent_message_is_not_sent_twice(sign_in: SignIn, written: Callable[..., int]) -> None:
    number = written(sent=NOW)
    page = sign_in("dave").post(f"/outbox/{number}/retry", follow_redirects=True).get_data(as_text=True)
    assert "已经发出" in page


def test_an_empty_outbox_says_what_would_come(sign_in: SignIn) -> None:
    assert "还没有邮件" in sign_in("erin").get("/outbox").get_data(as_text=True)
