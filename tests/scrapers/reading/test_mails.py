"""A raw mail as a post: charsets as they really are, the right part, the right time, and no mail of a program."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.header import Header
from email.mime.application import MIMEApplication
from email.mime.base import MIMEBase
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest
from hypothesis import given

from scrapers.base import RawPost, Rejection
from scrapers.reading.mails import Arrival, decode_words, parse_mail
from scrapers.reading.posts import Item, Reading
from tests.scrapers.conftest import NOW, ZONE
from tests.scrapers.fuzzing import THOROUGH, mutated

READING = Reading(NOW, ZONE)
RECEIVED = "20-Aug-2026 10:00:05 +0800"
TEXT = "刹车异响，去了三次都说正常。"


def _raw(headers: Mapping[str, str], body: bytes = TEXT.encode()) -> bytes:
    lines = {"Message-ID": "<a1@mail.example.com>", "From": "wang@example.com", "Subject": "S", **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
    return head.encode("utf-8", "surrogateescape") + b"\r\n" + body


def _read(raw: bytes, **arrival: object) -> Item:
    return parse_mail(raw, Arrival(**{"place": "邮件 1", "received": RECEIVED, **arrival}), READING)  # type: ignore[arg-type]


def _post(raw: bytes, **arrival: object) -> RawPost:
    item = _read(raw, **arrival)
    assert isinstance(item, RawPost), item
    return item


def _refusal(raw: bytes, **arrival: object) -> str:
    item = _read(raw, **arrival)
    assert isinstance(item, Rejection), item
    assert item.place == "邮件 1"
    return item.reason


def test_a_mail_becomes_a_post_and_keeps_nothing_but_what_is_needed() -> None:
    raw = _raw({
        "From": str(Header("王女士", "utf-8")) + " <Wang@Example.com>",
        "To": "kefu@example.com",
        "Subject": str(Header("刹车异响", "gb2312")),
        "Date": "Thu, 20 Aug 2026 10:00:00 +0800",
        "X-Originating-IP": "[203.0.113.9]",
        "Content-Type": "text/plain; charset=utf-8",
    })  # fmt: skip
    post = _post(raw)
    assert post.external_id.startswith("a1@mail.example.com~")
    assert (post.title, post.text, post.author) == ("刹车异响", TEXT, "wang@example.com")
    assert (post.created_at, post.zone_assumed) == (datetime(2026, 8, 20, 2, 0, tzinfo=UTC), False)
    assert (post.url, post.edited_at, dict(post.extra)) == ("", None, {})
    assert (post.thread_id, post.parent_id) == ("a1@mail.example.com", "")


@pytest.mark.parametrize(("charset", "codec"), [
    ("gb2312", "gb18030"), ("GBK", "gbk"), ("gb18030", "gb18030"), ("x-unknown", "gb18030"), ("", "gb18030"),
    ("utf-8", "gb18030"), ("us-ascii", "gb18030"), ("gb2312", "utf-8"), ("utf-8", "utf-8"), ("8bit", "utf-8"),
    ("hz-gb-2312", "hz"), ("utf-7", "utf-7"), ("big5", "big5"),
])  # fmt: skip
def test_the_text_is_read_whatever_its_charset_is_called(charset: str, codec: str) -> None:
    text = "煞車異響，去了三次都說正常" if codec == "big5" else "刹车异响，去了三次都说正常"
    kind = f"text/plain; charset={charset}" if charset else "text/plain"
    assert _post(_raw({"Content-Type": kind}, text.encode(codec))).text == text


def test_a_character_that_gb2312_lacks_is_read_all_the_same() -> None:
    assert _post(_raw({"Content-Type": 'text/plain; charset="gb2312"'}, "喆，镕".encode("gbk"))).text == "喆，镕"


@pytest.mark.parametrize(("encoding", "body"), [
    ("base64", base64.encodebytes(TEXT.encode())),
    ("base64", base64.b64encode(TEXT.encode()).rstrip(b"=")),
    ("base64", base64.b64encode(TEXT.encode()) + b"\r\n-- tail added by a list --"),
    ("BASE64", base64.b64encode(TEXT.encode())),
    ("quoted-printable", TEXT.encode().hex("=").upper().join(["=", ""]).encode()),
    ("8bit", TEXT.encode()),
    ("nonsense", TEXT.encode()),
])  # fmt: skip
def test_the_text_is_read_whatever_carried_it(encoding: str, body: bytes) -> None:
    raw = _raw({"Content-Type": "text/plain; charset=utf-8", "Content-Transfer-Encoding": encoding}, body)
    assert _post(raw).text.startswith(TEXT)


@pytest.mark.parametrize(("coded", "words"), [
    ("plain", "plain"),
    ("=?utf-8?B?5Yi56L2m?=", "刹车"),
    ("=?UTF-8?q?=E5=88=B9=E8=BD=A6_2?= tail", "刹车 2 tail"),
    ("=?gb2312?B?" + base64.b64encode("喆哥".encode("gbk")).decode() + "?=", "喆哥"),
    ("=?utf-8*zh?B?5Yi56L2m?=", "刹车"),
    ("=?utf-8?B?5Yi5?= =?utf-8?B?6L2m?=", "刹车"),
    ("=?utf-8?B?5Yi56L0=?= =?utf-8?B?pg==?=", "刹车"),
    ("=?utf-8?B?5Yi5?=\r\n =?gbk?B?s7U=?=", "刹车"),
    ("a =?utf-8?B?5Yi5?= b", "a 刹 b"),
    ("=?utf-8?B?5Yi56L2m", "=?utf-8?B?5Yi56L2m"),
    ("=?utf-8?B?5Yi56L2m=====?=", "刹车"),
    ("=?no-such?B?" + base64.b64encode("刹车".encode("gbk")).decode() + "?=", "刹车"),
    ("=?utf-8?B??=", ""),
    ("刹车".encode("gbk").decode("ascii", "surrogateescape"), "刹车"),
    ("刹车".encode().decode("ascii", "surrogateescape"), "刹车"),
])  # fmt: skip
def test_words_in_headers_are_read_whether_or_not_they_are_coded_well(coded: str, words: str) -> None:
    assert decode_words(coded) == words


def test_a_subject_of_raw_gbk_bytes_is_read() -> None:
    raw = _raw({"Subject": "", "Content-Type": "text/plain"}).replace(b"From:", "Subject: 刹车\r\nFrom:".encode("gbk"))
    assert _post(raw).title == "刹车"


def test_a_charset_that_is_coded_itself_is_read() -> None:
    raw = _raw({"Content-Type": "text/plain; charset*=us-ascii'en'gb2312"}, TEXT.encode("gbk"))
    assert _post(raw).text == TEXT


def _parts(kind: str, *parts: MIMEBase | MIMEText | MIMEMultipart, subject: str = "S") -> bytes:
    message = MIMEMultipart(kind)
    for part in parts:
        message.attach(part)
    message["Message-ID"], message["From"], message["Subject"] = "<a1@mail.example.com>", "wang@example.com", subject
    return message.as_bytes()


def _photo() -> MIMEApplication:
    part = MIMEApplication(b"\xff\xd8photo", "jpeg")
    part.add_header("Content-Disposition", "attachment", filename=("gb18030", "", "刹车盘.jpg"))
    return part


def test_plain_text_goes_before_html_and_html_before_nothing() -> None:
    plain, page = MIMEText("纯文本", "plain", "utf-8"), MIMEText("<p>网页<br>两行</p>", "html", "gb2312")
    assert _post(_parts("alternative", page, plain)).text == "纯文本"
    assert _post(_parts("alternative", MIMEText(" ", "plain", "utf-8"), page)).text == "网页\n两行"
    assert _post(_parts("mixed", _parts_inside("related", page), _photo())).text == "网页\n两行"


def _parts_inside(kind: str, *parts: MIMEBase | MIMEText) -> MIMEMultipart:
    message = MIMEMultipart(kind)
    for part in parts:
        message.attach(part)
    return message


def test_words_around_a_photo_belong_together() -> None:
    raw = _parts("mixed", MIMEText("照片上面", "plain", "utf-8"), _photo(), MIMEText("照片下面", "plain", "utf-8"))
    assert _post(raw).text == "照片上面\n照片下面"


def test_attachments_are_counted_and_not_kept() -> None:
    post = _post(_parts("mixed", MIMEText(TEXT, "plain", "utf-8"), _photo(), _photo()))
    assert dict(post.extra) == {"attachments": "2"}
    assert "刹车盘" not in post.text


def test_a_text_file_that_is_attached_is_no_text() -> None:
    part = MIMEText("记录仪日志", "plain", "utf-8")
    part.add_header("Content-Disposition", "attachment", filename="log.txt")
    assert _post(_parts("mixed", MIMEText(TEXT, "plain", "utf-8"), part)).text == TEXT


def test_a_mail_with_nothing_but_attachments_says_so() -> None:
    assert _refusal(_parts("mixed", _photo(), subject="")) == "邮件只有附件（1 个），没有文字"


def test_an_empty_mail_is_a_rejection_and_a_subject_alone_is_a_post() -> None:
    assert _refusal(_raw({"Subject": ""}, b"")) == "邮件是空的，没有文字"
    assert _post(_raw({"Subject": "Call me back"}, b"")).text == "Call me back"


def test_a_mail_passed_on_as_an_attachment_is_read_where_nothing_is_said_to_it() -> None:
    inner = MIMEMessage(MIMEText("原来的投诉", "plain", "utf-8"))
    assert _post(_parts("mixed", MIMEText(" ", "plain", "utf-8"), inner)).text == "原来的投诉"
    assert _post(_parts("mixed", MIMEText("请看附件", "plain", "utf-8"), inner)).text == "请看附件"


def test_lines_that_a_mail_program_broke_are_whole_again() -> None:
    flowed = "text/plain; charset=utf-8; format=flowed"
    body = "刹车异响，去了三次 \r\n都说正常。\r\n-- \r\n王".encode()
    assert _post(_raw({"Content-Type": f"{flowed}; delsp=yes"}, body)).text == "刹车异响，去了三次都说正常。"
    assert _post(_raw({"Content-Type": flowed}, b"It squeals \r\nagain.")).text == "It squeals again."


def test_what_is_quoted_is_left_out() -> None:
    body = f"{TEXT}\r\n\r\n在 2026年8月20日，客服 <kefu@example.com> 写道：\r\n> 您好".encode()
    assert _post(_raw({"Content-Type": "text/plain; charset=utf-8"}, body)).text == TEXT


def test_answers_belong_to_the_thread_that_the_first_mail_began() -> None:
    first = _post(_raw({}))
    references = {"References": "<a1@mail.example.com> <k9@care.example.com>", "In-Reply-To": "<k9@care.example.com>"}
    answer = _post(_raw({"Message-ID": "<a2@mail.example.com>", **references}))
    bare = _post(_raw({"Message-ID": "<a3@mail.example.com>", "In-Reply-To": "<a1@mail.example.com>"}))
    assert first.thread_id == answer.thread_id == bare.thread_id == "a1@mail.example.com"
    assert (answer.parent_id, bare.parent_id) == ("k9@care.example.com", "a1@mail.example.com")


def test_a_copy_of_a_mail_is_the_same_post_wherever_it_came_through() -> None:
    headers = {"Date": "Thu, 20 Aug 2026 10:00:00 +0800"}
    other = {**headers, "Received": "from a by b; Thu, 20 Aug 2026 10:00:03 +0800"}
    for number in ("<a1@mail.example.com>", ""):
        names = {_post(_raw({**each, "Message-ID": number})).external_id for each in (headers, other)}
        assert len(names) == 1


def test_mails_that_share_a_number_are_told_apart() -> None:
    days = [f"Thu, {day} Aug 2026 10:00:00 +0800" for day in range(10, 20)]
    assert len({_post(_raw({"Message-ID": "<1@form.example.com>", "Date": day})).external_id for day in days}) == 10


def test_mails_without_a_number_are_told_apart_by_what_they_say() -> None:
    bodies = [b"squeals", b"squeals again"]
    names = [_post(_raw({"Message-ID": ""}, body)).external_id for body in bodies]
    assert len(set(names)) == 2
    assert all(name.startswith("sha:") for name in names)


@pytest.mark.parametrize(("headers", "moment"), [
    ({"Date": "Thu, 20 Aug 2026 10:00:00 +0800 (CST)"}, datetime(2026, 8, 20, 2, 0, tzinfo=UTC)),
    ({"Date": "Wed, 19 Aug 2026 20:00:00 -0600 (CST)"}, datetime(2026, 8, 20, 2, 0, tzinfo=UTC)),
    ({"Date": "20 Aug 26 02:00 GMT"}, datetime(2026, 8, 20, 2, 0, tzinfo=UTC)),
    ({"Date": "Sun, 3 Mar 2019 10:00:00 +0800"}, datetime(2019, 3, 3, 2, 0, tzinfo=UTC)),
    ({}, datetime(2026, 8, 20, 2, 0, 5, tzinfo=UTC)),
    ({"Date": "yesterday evening"}, datetime(2026, 8, 20, 2, 0, 5, tzinfo=UTC)),
    ({"Date": "Thu, 1 Jan 1970 00:00:00 +0000"}, datetime(2026, 8, 20, 2, 0, 5, tzinfo=UTC)),
    ({"Date": "Fri, 20 Aug 2049 10:00:00 +0800"}, datetime(2026, 8, 20, 2, 0, 5, tzinfo=UTC)),
    ({"Date": "Sat, 1 Jan 2000 08:00:00 +0800", "Received": "from a by b with SMTP; Thu, 20 Aug 2026 09:00:00 +0800"},
     datetime(2026, 8, 20, 1, 0, tzinfo=UTC)),
    ({"Date": "Mon, 17 Aug 2026 08:00:00 +0800", "Received": "from a by b; Thu, 20 Aug 2026 09:00:00 +0800"},
     datetime(2026, 8, 17, 0, 0, tzinfo=UTC)),
    ({"Received": "from a by b; Thu, 20 Aug 2026 09:00:00 +0800"}, datetime(2026, 8, 20, 1, 0, tzinfo=UTC)),
])  # fmt: skip
def test_a_mail_is_as_old_as_its_best_witness_says(headers: dict[str, str], moment: datetime) -> None:
    assert _post(_raw(headers)).created_at == moment


def test_a_time_without_a_zone_is_flagged() -> None:
    post = _post(_raw({"Date": "Thu, 20 Aug 2026 10:00:00"}))
    assert (post.created_at, post.zone_assumed) == (datetime(2026, 8, 20, 2, 0, tzinfo=UTC), True)


def test_a_mail_without_any_time_has_none() -> None:
    assert _post(_raw({}), received="").created_at is None


@pytest.mark.parametrize(("headers", "reason"), [
    ({"Auto-Submitted": "auto-replied"}, "Auto-Submitted: auto-replied"),
    ({"Auto-submitted": "Auto-Generated; owner-email=x"}, "Auto-Submitted: auto-generated"),
    ({"Precedence": "Bulk"}, "Precedence: bulk"),
    ({"Precedence": "list"}, "Precedence: list"),
    ({"Precedence": "junk"}, "Precedence: junk"),
    ({"X-Auto-Response-Suppress": "All"}, "X-Auto-Response-Suppress"),
    ({"Return-Path": "<>"}, "退信或回执"),
    ({"Content-Type": 'multipart/report; report-type=delivery-status; boundary="b"'}, "退信或回执"),
    ({"Message-ID": "<n1@notify.corp.example.com>"}, "自己的系统发出的邮件"),
    ({"Message-ID": "<n1@CORP.example.com>"}, "自己的系统发出的邮件"),
])  # fmt: skip
def test_mails_of_programs_are_no_posts(headers: dict[str, str], reason: str) -> None:
    assert reason in _refusal(_raw(headers), own_domains=("corp.example.com",))


@pytest.mark.parametrize("headers", [
    {"Auto-Submitted": "no"}, {"Precedence": "first-class"}, {"Return-Path": "<wang@example.com>"},
    {"Message-ID": "<n1@notcorp.example.com>"},
])  # fmt: skip
def test_mails_of_people_are_posts(headers: dict[str, str]) -> None:
    assert _post(_raw(headers), own_domains=("corp.example.com",)).text == TEXT


def test_of_a_mail_that_was_cut_off_the_words_that_came_are_read() -> None:
    raw = _parts("mixed", MIMEText(TEXT, "plain", "utf-8"), MIMEApplication(b"x" * 5000))
    assert _post(raw[:3000], size=9_000_000).text == TEXT


def test_a_mail_cut_off_before_its_words_says_so_even_with_a_subject() -> None:
    raw = _parts("mixed", MIMEApplication(b"x" * 5000), MIMEText(TEXT, "plain", "utf-8"))
    assert _refusal(raw[:3000], size=9_400_000) == "邮件太大（9.4 MB），只读了开头，那里没有文字"


def test_a_mail_of_boxes_in_boxes_is_read_no_deeper_than_people_go() -> None:
    part: MIMEBase | MIMEText = MIMEText("最里面", "plain", "utf-8")
    for _ in range(40):
        part = _parts_inside("mixed", part)
    assert "没有文字" in _refusal(_parts("mixed", part, subject=""))


@pytest.mark.fuzz
def test_a_mail_nested_without_end_is_a_rejection() -> None:
    raw = b"Subject: x\r\n" + b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (level, level) for level in range(1200)
    )
    assert "套得太深" in _refusal(raw)


def test_parameters_that_are_coded_badly_are_borne() -> None:
    raw = _raw({"Content-Type": "text/plain; charset*=\x00'x'gb2312; format*=x''flowed; delsp=yes"}, b"a \r\nb")
    assert _post(raw).text == "ab"
    pieces = f"boundary*{'9' * 5000}=x"
    assert _refusal(_raw({"Content-Type": f"multipart/mixed; {pieces}"})) == "邮件的结构是坏的，读不了"
    assert _post(_raw({"Content-Type": f"text/plain; {pieces}"})).text == TEXT


def test_a_header_without_end_is_cut() -> None:
    assert len(_post(_raw({"Subject": "长" * 50_000})).title) == 500


def test_a_sender_that_is_no_address_is_kept_as_it_is_and_none_is_nobody() -> None:
    assert _post(_raw({"From": "=?utf-8?B?5Yi56L2m?="})).author == "刹车"
    assert _post(_raw({"From": ""})).author == ""


SAMPLES = (
    _parts("mixed", _parts_inside("alternative", MIMEText(TEXT, "plain", "gb2312"),
                                  MIMEText(f"<p>{TEXT}</p><blockquote type='cite'>x</blockquote>", "html", "utf-8")),
           _photo(), MIMEMessage(MIMEText("内层", "plain", "utf-8"))),
    _raw({"Subject": "=?gb2312?B?yrGzs7XE?= =?utf-8?Q?=E5=88=B9?=", "Date": "Thu, 20 Aug 2026 10:00:00 +0800 (CST)",
          "References": "<a@b> <c@d>", "Received": "from a by b; Thu, 20 Aug 2026 09:00:00 +0800",
          "Content-Type": "text/plain; charset*=utf-8''gb2312; format=flowed; delsp=yes",
          "Content-Transfer-Encoding": "base64"},
         base64.encodebytes(f"{TEXT} \r\n在 2026年8月20日，客服 <k@a.cn>\r\n写道：\r\n> 您好\r\n-- \r\n王".encode())),
)  # fmt: skip


def _check(raw: bytes) -> None:
    item = _read(raw, own_domains=("corp.example.com",))
    if isinstance(item, RawPost):
        assert item.external_id
        assert item.text
        assert item.created_at is None or item.created_at <= NOW + timedelta(minutes=10)
    else:
        assert item.reason


@pytest.mark.fuzz
@THOROUGH
@given(mutated(SAMPLES[0]))
def test_whatever_happens_to_a_mail_of_many_parts_it_is_a_post_or_a_rejection(raw: bytes) -> None:
    _check(raw)


@pytest.mark.fuzz
@THOROUGH
@given(mutated(SAMPLES[1]))
def test_whatever_happens_to_a_plain_mail_it_is_a_post_or_a_rejection(raw: bytes) -> None:
    _check(raw)
