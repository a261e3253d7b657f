"""A mailbox: what is read of it and in which order, what it says when it does not let us, and that nothing changes."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scrapers.base import Batch, Historian, Rejection, Sign
from scrapers.errors import CollectError, CollectorNotConfigured
from scrapers.kinds.imap import BATCH, BEGINNING, WHOLE, Imap, day_of
from scrapers.registry import build
from tests.free_port import free_port
from tests.scrapers.conftest import NOW, FakeFetch
from tests.scrapers.imap_server import PASSWORD, USER, ImapServer, certificate, mail, proving, saying

pytestmark = pytest.mark.usefixtures("secret")

OWN = {"own_site": True, "own_reason": "公司自己的邮件服务器"}


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEFU_MAIL", PASSWORD)


@pytest.fixture
def server() -> Iterator[ImapServer]:
    running = ImapServer()
    yield running
    running.close()


@pytest.fixture(scope="module")
def proof(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("certificate"))


def _collector(server: ImapServer, **options: Any) -> Imap:
    given = _options(host="127.0.0.1", port=server.port, **OWN)
    collector = build("imap", {"ssl": "none", **given, **options}, FakeFetch({}))
    assert isinstance(collector, Imap)
    return replace(collector, clock=lambda: NOW)


def _options(**given: Any) -> dict[str, Any]:
    return {"host": "mail.example.com", "user": USER, "password": "env:KEFU_MAIL", **given}


def _all(collector: Imap, cursor: dict[str, Any] | None = None) -> list[Batch]:
    """Every batch until there is no more for now."""
    batches = [collector.collect(cursor or {})]
    while batches[-1].more:
        batches.append(collector.collect(json.loads(json.dumps(batches[-1].cursor))))
    return batches


def _titles(*batches: Batch) -> list[str]:
    return [post.title for batch in batches for post in batch.posts]


def test_mails_become_posts_and_their_bytes_evidence(server: ImapServer) -> None:
    uid = server.add(mail("刹车响，师傅说正常"))
    batch = _collector(server).collect({})
    assert [(post.text, post.author) for post in batch.posts] == [("刹车响，师傅说正常", "wang1@example.com")]
    assert [(payload.url, payload.body) for payload in batch.payloads] == [
        (f"imap://127.0.0.1/INBOX;UIDVALIDITY=7/;UID={uid}", server.mails[uid].body)
    ]


def test_nothing_in_the_mailbox_changes(server: ImapServer) -> None:
    server.add(mail())
    _collector(server).collect({})
    assert [stored.flags for stored in server.mails.values()] == [set()]
    verbs = {
        command.split()[0] if "UID" not in command else " ".join(command.split()[:2]) for command in server.commands
    }
    assert verbs == {"CAPABILITY", "AUTHENTICATE", "ID", "EXAMINE", "UID SEARCH", "UID FETCH", "LOGOUT"}


def test_each_mail_is_read_once(server: ImapServer) -> None:
    collector = _collector(server)
    server.add(mail(number=1))
    first = collector.collect({})
    second = collector.collect(first.cursor)
    server.add(mail(number=2))
    third = collector.collect(second.cursor)
    assert [_titles(batch) for batch in (first, second, third)] == [["No. 1"], [], ["No. 2"]]


def test_a_first_visit_reads_the_last_month_fifty_at_a_time(server: ImapServer) -> None:
    for number in range(10):
        server.add(mail(number=number), received=NOW - timedelta(days=60))
    for number in range(10, 10 + BATCH + 5):
        server.add(mail(number=number))
    batches = _all(_collector(server))
    assert [len(batch.posts) for batch in batches] == [BATCH, 5]
    assert _titles(*batches) == [f"No. {number}" for number in range(10, 10 + BATCH + 5)]


def test_old_mails_that_are_put_into_the_folder_later_are_read_all_the_same(server: ImapServer) -> None:
    collector = _collector(server)
    server.add(mail(number=1))
    first = collector.collect({})
    server.add(mail(number=2), received=datetime(2019, 1, 1, tzinfo=UTC))
    assert _titles(collector.collect(first.cursor)) == ["No. 2"]


def test_nothing_old_is_read_where_only_the_future_is_wanted(server: ImapServer) -> None:
    collector = _collector(server, since_days=0)
    server.add(mail(number=1), received=NOW)
    first = collector.collect({})
    server.add(mail(number=2))
    assert [_titles(batch) for batch in (first, collector.collect(first.cursor))] == [[], ["No. 2"]]


def test_gaps_between_numbers_however_wide_lose_nothing(server: ImapServer) -> None:
    for uid in (3, 5000, 900_000, 4_000_000_000):
        server.next_uid = uid
        server.add(mail(number=uid))
    batches = _all(_collector(server))
    assert _titles(*batches) == ["No. 3", "No. 5000", "No. 900000", "No. 4000000000"]
    assert len(server.asked("UID SEARCH")) < 40


def test_mails_deleted_in_the_mailbox_disturb_nothing(server: ImapServer) -> None:
    collector = _collector(server)
    for number in range(3):
        server.add(mail(number=number))
    first = collector.collect({})
    server.mails.clear()
    second = collector.collect(first.cursor)
    server.add(mail(number=9))
    assert not second.gone + second.censuses
    assert _titles(collector.collect(second.cursor)) == ["No. 9"]


def test_a_mail_deleted_while_we_look_is_passed_over(server: ImapServer) -> None:
    for number in range(3):
        server.add(mail(number=number))
    server.odd["UID FETCH"] = lambda _session, _tag, what: "SIZE" in what and bool(server.mails.pop(2, None)) and False
    assert _titles(_collector(server).collect({})) == ["No. 0", "No. 2"]


def test_a_folder_numbered_anew_is_read_again_and_says_so(server: ImapServer) -> None:
    collector = _collector(server)
    server.add(mail(number=1))
    server.add(mail(number=2))
    first = collector.collect({})
    known = list(server.mails.values())
    server.validity, server.mails, server.next_uid = 8, {}, 1
    for stored in (*known, None):
        server.add(stored.body if stored else mail(number=3))
    second = collector.collect(first.cursor)
    assert {post.external_id for post in first.posts} < {post.external_id for post in second.posts}
    assert _titles(second) == ["No. 1", "No. 2", "No. 3"]
    assert [(note.sign, "UIDVALIDITY" in note.text) for note in second.notes] == [(Sign.OTHER, True)]
    assert not collector.collect(second.cursor).notes


def test_a_server_that_does_not_tell_the_next_number_is_read_too(server: ImapServer) -> None:
    server.says_next = False
    server.add(mail())
    assert _titles(_collector(server).collect({})) == ["No. 1"]


def test_an_empty_mailbox_is_just_empty(server: ImapServer) -> None:
    for says_next in (True, False):
        server.says_next = says_next
        server.odd["UID SEARCH"] = saying("* SEARCH", "{tag} OK done")
        batch = _collector(server).collect({})
        assert (batch.posts, batch.rejections, batch.more) == ((), (), False)


def test_of_a_huge_mail_only_the_beginning_is_fetched(server: ImapServer) -> None:
    server.add(mail("正文在前\r\n" + "附件" * WHOLE))
    batch = _collector(server).collect({})
    assert batch.posts[0].text.startswith("正文在前")
    assert len(batch.payloads[0].body) == BEGINNING
    assert server.asked("BODY.PEEK[]<0.")


def test_a_huge_mail_without_words_at_its_beginning_is_a_rejection(server: ImapServer) -> None:
    lines = {"Content-Type": "application/octet-stream", "Subject": ""}
    server.add(mail("A" * (WHOLE + 1), headers=lines))
    assert "太大" in _collector(server).collect({}).rejections[0].reason


def test_many_large_mails_are_fetched_in_several_visits(server: ImapServer) -> None:
    for number in range(10, 35):
        server.add(mail("长" * 1000, number=number))
    size = len(server.mails[1].body)
    batches = _all(replace(_collector(server), most_bytes=20 * size))
    assert [len(batch.posts) for batch in batches] == [20, 5]


def test_mails_of_programs_are_rejections_and_posts_and_rejections_add_up(server: ImapServer) -> None:
    server.add(mail())
    server.add(mail(number=2, headers={"Auto-Submitted": "auto-replied"}))
    server.add(mail(number=3, headers={"Message-ID": "<k@care.corp.example.com>"}))
    batch = _collector(server, own_domains="Corp.Example.com，other.example").collect({})
    assert len(batch.posts) == 1
    assert [rejection.place for rejection in batch.rejections] == ["邮件 2", "邮件 3"]


def test_a_mail_that_the_server_cannot_give_is_told_and_passed(server: ImapServer) -> None:
    server.add(mail(number=1))
    server.add(mail(number=2))

    def broken(session: Any, tag: str, what: str) -> bool:
        if not what.startswith("1 "):
            return False
        session.say(f"{tag} NO [SERVERBUG] cannot open")
        return True

    server.odd["UID FETCH"] = broken
    batch = _collector(server).collect({})
    assert batch.rejections == (Rejection("邮件 1", batch.rejections[0].reason),)
    assert "SERVERBUG" in batch.rejections[0].reason
    assert _titles(batch) == ["No. 2"]


def _breaking(uid: int) -> Callable[[Any, str, str], bool]:
    def broken(session: Any, _tag: str, what: str) -> bool:
        if not what.startswith(f"{uid} ") or "BODY" not in what:
            return False
        session.request.shutdown(socket.SHUT_RDWR)
        return True

    return broken


def test_a_line_that_breaks_keeps_what_came_and_goes_on_from_there(server: ImapServer) -> None:
    for number in range(1, 4):
        server.add(mail(number=number))
    server.odd["UID FETCH"] = _breaking(2)
    collector = _collector(server)
    first = collector.collect({})
    server.odd.clear()
    second = collector.collect(first.cursor)
    assert [_titles(batch) for batch in (first, second)] == [["No. 1"], ["No. 2", "No. 3"]]
    assert [note.sign for note in first.notes] == [Sign.PAGE_FAILED]
    assert not first.more


def test_a_line_that_breaks_at_once_fails_the_visit(server: ImapServer) -> None:
    server.add(mail())
    server.odd["UID FETCH"] = _breaking(1)
    with pytest.raises(CollectError, match="中途断开") as raised:
        _collector(server).collect({})
    assert not raised.value.permanent


def test_bodies_that_are_quoted_and_news_about_others_are_read_right(server: ImapServer) -> None:
    server.add(b"")

    def odd(session: Any, tag: str, what: str) -> bool:
        if "BODY" not in what:
            return False
        session.say("* 9 FETCH (UID 9 FLAGS (\\Seen))")
        session.say('* 1 FETCH (BODY[] "Subject: \\"hello\\"" UID 1)')
        session.done(tag)
        return True

    server.odd["UID FETCH"] = odd
    assert _titles(_collector(server).collect({})) == ['"hello"']


def test_the_past_is_read_backwards_in_steps(server: ImapServer) -> None:
    for number in range(2 * BATCH + 20):
        server.add(mail(number=number), received=datetime(2020, 1, 1, tzinfo=UTC))
    collector = _collector(server)
    assert isinstance(collector, Historian)
    steps = [collector.history({})]
    while steps[-1].more:
        steps.append(collector.history(json.loads(json.dumps(steps[-1].cursor))))
    assert [len(step.posts) for step in steps] == [BATCH, BATCH, 20]
    assert _titles(*steps) == [f"No. {number}" for number in reversed(range(2 * BATCH + 20))]
    assert [step.cursor["pages"] for step in steps] == [1, 2, 3]
    assert [round(step.cursor["progress"], 1) for step in steps] == [0.4, 0.8, 1.0]


def test_the_past_of_an_empty_mailbox_is_over_at_once(server: ImapServer) -> None:
    step = _collector(server).history({})
    assert (step.posts, step.more, step.cursor["progress"]) == ((), False, 1.0)


def test_a_folder_is_found_by_its_chinese_name(server: ImapServer) -> None:
    server.folder = "&YpWLyQ- 2026"
    server.add(mail())
    assert _titles(_collector(server, folder="投诉 2026").collect({})) == ["No. 1"]


def test_a_folder_that_is_not_there_names_those_that_are(server: ImapServer) -> None:
    with pytest.raises(CollectError, match=r"没有文件夹“投诉”.*有的文件夹：INBOX、投诉 2026") as raised:
        _collector(server, folder="投诉").collect({})
    assert raised.value.permanent


def test_a_wrong_password_stops_the_source_and_names_the_cure(
    server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEFU_MAIL", "geheim")
    with pytest.raises(CollectError, match=r"没有让用户 kefu@example.com 登录.*授权码") as raised:
        _collector(server).collect({})
    assert raised.value.permanent
    assert "geheim" not in str(raised.value)


def test_a_server_that_admits_nobody_just_now_is_asked_later(server: ImapServer) -> None:
    server.odd["AUTHENTICATE"] = saying("{tag} NO [UNAVAILABLE] later")
    with pytest.raises(CollectError, match="暂时不让登录") as raised:
        _collector(server).collect({})
    assert not raised.value.permanent


def test_a_server_without_plain_authentication_gets_a_login(
    server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.capabilities = "IMAP4rev1"
    server.add(mail())
    monkeypatch.setenv("KEFU_MAIL", "secret")
    assert _titles(_collector(server).collect({})) == ["No. 1"]
    assert not server.asked("ID (")


def test_a_password_that_a_login_cannot_carry_is_said(server: ImapServer) -> None:
    server.capabilities = "IMAP4rev1"
    with pytest.raises(CollectError, match="只收英文字母和数字"):
        _collector(server).collect({})


def test_a_login_that_a_provider_calls_unsafe_is_explained(server: ImapServer) -> None:
    server.odd["EXAMINE"] = saying("{tag} NO EXAMINE Unsafe Login")
    with pytest.raises(CollectError, match="在邮箱网页上放行") as raised:
        _collector(server).collect({})
    assert raised.value.permanent


@pytest.mark.parametrize(("capabilities", "ssl_mode", "said"), [
    ("IMAP4rev1 LOGINDISABLED", "none", "不许在未加密的连接上登录"),
    ("IMAP4rev1", "starttls", "不支持 STARTTLS"),
])  # fmt: skip
def test_a_server_that_wants_another_encryption_says_which(
    server: ImapServer, capabilities: str, ssl_mode: str, said: str
) -> None:
    server.capabilities = capabilities
    with pytest.raises(CollectError, match=said) as raised:
        _collector(server, ssl=ssl_mode).collect({})
    assert raised.value.permanent
    assert not server.asked("LOGIN")


@pytest.mark.parametrize("ssl_mode", ["tls", "starttls"])
def test_an_encrypted_line_is_read_when_the_certificate_is_vouched_for(proof: Path, ssl_mode: str) -> None:
    server = ImapServer(**{ssl_mode: proving(proof)})
    server.add(mail())
    try:
        batch = _collector(server, host="localhost", ssl=ssl_mode, ca_file=str(proof)).collect({})
    finally:
        server.close()
    assert _titles(batch) == ["No. 1"]


@pytest.mark.parametrize("ssl_mode", ["tls", "starttls"])
def test_a_certificate_that_nobody_vouches_for_ends_the_visit_before_the_password(proof: Path, ssl_mode: str) -> None:
    server = ImapServer(**{ssl_mode: proving(proof)})
    try:
        with pytest.raises(CollectError, match=r"证书验证不通过.*ca_file"):
            _collector(server, host="localhost", ssl=ssl_mode).collect({})
    finally:
        server.close()
    assert not server.asked("AUTHENTICATE")


def test_a_certificate_file_that_is_none_is_said(server: ImapServer, tmp_path: Path) -> None:
    (tmp_path / "no.pem").write_text("not a certificate")
    with pytest.raises(CollectorNotConfigured, match="ca_file"):
        _collector(server, ssl="tls", ca_file=str(tmp_path / "no.pem")).collect({})


def test_encryption_where_the_server_speaks_plainly_says_what_to_check(server: ImapServer) -> None:
    with pytest.raises(CollectError, match="加密连接"):
        _collector(server, ssl="tls").collect({})


def test_nobody_there_is_said() -> None:
    collector = build("imap", _options(host="127.0.0.1", port=free_port(), **OWN), FakeFetch({}))
    with pytest.raises(CollectError, match="拒绝连接"):
        collector.collect({})


def test_a_name_that_leads_inside_is_refused_unless_it_is_ones_own(server: ImapServer) -> None:
    collector = _collector(server)
    hidden = replace(collector.account, host="mail.example.com", own=False, find=lambda _host, _port: ["10.0.0.7"])
    with pytest.raises(CollectError, match=r"mail\.example\.com 指向内部网络地址") as raised:
        replace(collector, account=hidden).collect({})
    assert raised.value.permanent


def test_a_name_that_does_not_exist_is_said(server: ImapServer) -> None:
    def nowhere(_host: str, _port: int) -> list[str]:
        raise socket.gaierror("no such host")

    collector = _collector(server)
    with pytest.raises(CollectError, match="主机名找不到"):
        replace(collector, account=replace(collector.account, find=nowhere)).collect({})


def test_a_server_that_says_nothing_is_given_up(server: ImapServer) -> None:
    def silent(session: Any, _tag: str, _what: str) -> bool:
        time.sleep(0.5)
        return True

    server.odd["EXAMINE"] = silent
    collector = _collector(server)
    with pytest.raises(CollectError, match="没有在规定时间内回答"):
        replace(collector, account=replace(collector.account, seconds=0.1)).collect({})


def test_a_server_that_drips_is_given_up_when_the_time_is_over(server: ImapServer) -> None:
    def dripping(session: Any, _tag: str, _what: str) -> bool:
        for _ in range(100):
            session.wfile.write(b"* ")
            time.sleep(0.02)
        return True

    server.odd["EXAMINE"] = dripping
    collector = _collector(server)
    with pytest.raises(CollectError, match="太慢"):
        replace(collector, account=replace(collector.account, total_seconds=0.15)).collect({})


@pytest.mark.parametrize(
    "answer",
    [
        b"nonsense\r\n",
        b"* 1 FETCH (UID 1 BODY[] {99999999999}\r\n",
        b"* SEARCH " + b"1 " * 10,
        b"* BYE\r\n",
        b"\xff\xfe\r\n",
    ],
)
def test_a_server_that_talks_nonsense_is_an_error_and_not_silence(server: ImapServer, answer: bytes) -> None:
    def nonsense(session: Any, _tag: str, _what: str) -> bool:
        session.wfile.write(answer)
        session.request.shutdown(socket.SHUT_RDWR)
        return True

    server.odd["UID SEARCH"] = nonsense
    with pytest.raises(CollectError, match=r"中途断开|答非所问"):
        _collector(server).collect({})


def test_a_search_that_is_refused_is_an_error(server: ImapServer) -> None:
    server.odd["UID SEARCH"] = saying("{tag} NO cannot")
    with pytest.raises(CollectError, match="没有答应查找邮件"):
        _collector(server).collect({})


def test_an_open_line_is_only_for_ones_own_servers() -> None:
    with pytest.raises(CollectorNotConfigured, match="明文") as raised:
        build("imap", _options(ssl="none"), FakeFetch({}))
    assert raised.value.option == "ssl"


def test_a_password_is_never_written_among_the_options() -> None:
    with pytest.raises(CollectorNotConfigured, match="password"):
        build("imap", _options(password="geheim"), FakeFetch({}))


def test_an_unknown_encryption_is_refused() -> None:
    with pytest.raises(CollectorNotConfigured, match="tls、starttls、none"):
        build("imap", _options(ssl="ssl3"), FakeFetch({}))


def test_days_are_written_in_english_whatever_the_machine_speaks() -> None:
    assert day_of(datetime(2026, 8, 5, tzinfo=UTC)) == "5-Aug-2026"
