"""What the status of an answer means, and the words a person is told it in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.base import Response
from scrapers.errors import CollectError
from scrapers.fetching.refusals import is_busy, retry_after, trouble_with
from tests.scrapers.fuzzing import THOROUGH

NOW = 1_800_000_000.0
URL = "https://forum.example/list?token=1"


def answer(status: int, body: str = "", **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(url=URL, status=status, headers=named, body=body.encode())


def trouble(status: int, body: str = "", **headers: str) -> CollectError:
    found = trouble_with(answer(status, body, **headers), URL, NOW)
    assert found is not None
    return found


@pytest.mark.parametrize("status", [200, 204, 206, 301, 302, 304, 307, 308])
def test_what_can_be_used_is_no_trouble(status: int) -> None:
    assert trouble_with(answer(status), URL, NOW) is None


@pytest.mark.parametrize(("status", "word"), [(401, "登录"), (403, "拒绝访问"), (407, "代理"), (451, "法律")])
def test_a_refusal_is_permanent_and_says_what_to_do(status: int, word: str) -> None:
    found = trouble(status)
    assert (found.permanent, found.status) == (True, status)
    for part in (word, f"（{status}）", "https://forum.example/list ", "官方接口", "不会绕过限制"):
        assert part in str(found)
    assert "token" not in str(found)


def test_a_page_deleted_for_good_and_one_not_found_are_told_apart() -> None:
    gone, missing = trouble(410), trouble(404)
    assert (gone.permanent, missing.permanent) == (True, False)
    assert "永久删除（410）" in str(gone)
    assert "不存在（404）" in str(missing)


@pytest.mark.parametrize(
    "found",
    [
        trouble(418),
        trouble(432),
        trouble(403, "<title>安全验证</title>"),
        trouble(403, "<title>Attention Required! | Cloudflare</title>"),
        trouble(403, "", cf_mitigated="challenge"),
        trouble(405, "很抱歉，由于您访问的URL有可能对网站造成安全威胁，您的访问被阻断。"),
        trouble(412, "您的请求过于频繁，请完成滑动验证"),
        trouble(202, "", x_amzn_waf_action="challenge"),
        trouble(503, "", cf_mitigated="challenge"),
    ],
)
def test_being_taken_for_a_bot_is_told_from_an_ordinary_refusal(found: CollectError) -> None:
    assert found.permanent
    assert "当成机器人拦下" in str(found)


def test_an_ordinary_refusal_is_not_called_a_bot_wall() -> None:
    assert "机器人" not in str(trouble(403, "You do not have permission to view this forum."))
    assert "机器人" not in str(trouble(404, "captcha"))


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_busy_server_is_tried_later(status: int) -> None:
    found = trouble(status, "访问过于频繁")
    assert (found.permanent, found.retry_after, is_busy(answer(status))) == (False, None, True)
    assert f"返回 {status}，对方繁忙或限流" in str(found)


@pytest.mark.parametrize("status", [400, 404, 409, 501, 520])
def test_another_failure_is_not_asked_for_again_at_once(status: int) -> None:
    assert not trouble(status).permanent
    assert not is_busy(answer(status))


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"x_ratelimit_remaining": "0", "x_ratelimit_reset": str(int(NOW) + 900)}, 900.0),
        ({"x_ratelimit_remaining": "0.0", "x_ratelimit_reset": "42"}, 42.0),
        ({"x_rate_limit_remaining": "0", "x_rate_limit_reset": str(int(NOW) + 60)}, 60.0),
        ({"x_ratelimit_remaining": "0", "x_ratelimit_reset": "2027-01-15T08:05:00Z"}, 300.0),
        ({"x_ratelimit_remaining": "0", "x_ratelimit_reset": str(int(NOW) + 900), "retry_after": "5"}, 5.0),
        ({"retry_after": "60"}, 60.0),
        ({"x_ratelimit_remaining": "0"}, 900.0),
    ],
)
@pytest.mark.parametrize("status", [403, 429])
def test_a_spent_allowance_is_waited_for_and_is_no_refusal(status: int, headers: dict[str, str], pause: float) -> None:
    found = trouble(status, "API rate limit exceeded, see captcha", **headers)
    assert (found.permanent, found.retry_after, is_busy(answer(status, **headers))) == (False, pause, True)


def test_a_refusal_with_requests_left_is_a_refusal() -> None:
    found = trouble(403, "", x_ratelimit_remaining="57", x_ratelimit_reset=str(int(NOW) + 900))
    assert (found.permanent, found.retry_after) == (True, None)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        (" 7 ", 7.0),
        ("1.5", 1.5),
        ("999999999", 86_400.0),
        ("Fri, 15 Jan 2027 08:01:30 GMT", 90.0),
        ("Fri, 15 Jan 2027 08:01:30", 90.0),
        ("Friday, 15-Jan-27 16:01:30 +0800", 90.0),
        ("Fri, 15 Jan 2027 07:00:00 GMT", 0.0),
        ("Wed, 15 Jan 2035 08:00:00 GMT", 86_400.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("１２", None),
        ("9" * 400, None),
    ],
)
def test_retry_after_is_a_number_or_a_moment(value: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": value}, NOW) == seconds


_VALUES = st.text(max_size=40) | st.from_regex(
    r"[A-Za-z]{3}, [0-9]{1,3} [A-Za-z]{3} [0-9]{1,9} [0-9:]{1,12} [A-Z+0-9-]{1,8}", fullmatch=True
)


@pytest.mark.fuzz
@given(
    st.sampled_from([200, 302, 403, 405, 418, 429, 500, 503, 999]),
    st.fixed_dictionaries(
        {"retry-after": _VALUES, "x-ratelimit-remaining": st.just("0"), "x-ratelimit-reset": _VALUES}
    ),
    st.sampled_from([b"", b"captcha", "安全验证".encode("gb18030")]),
)
@THOROUGH
def test_no_headers_and_no_body_break_the_reading_of_an_answer(
    status: int, headers: dict[str, str], body: bytes
) -> None:
    found = trouble_with(Response(url=URL, status=status, headers=headers, body=body), URL, NOW)
    assert found is None or found.retry_after is None or 0 <= found.retry_after <= 86_400
