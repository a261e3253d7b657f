"""Signed deliveries: the example of the standard holds, and nothing else is let in."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.domain.webhooks import SignatureRefused, check, derived_key, read_secret, secret_text, sign

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
STAMP = int(NOW.timestamp())
KEY = b"a key of thirty-two bytes or so.."
BODY = '{"posts": [{"id": "1", "text": "刹车异响"}]}'.encode()


def _headers(**changed: str) -> dict[str, str]:
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(STAMP),
        "webhook-signature": sign(KEY, "msg_1", STAMP, BODY),
    }
    return headers | {name.replace("_", "-"): value for name, value in changed.items()}


def test_what_is_signed_rightly_is_believed() -> None:
    assert check(KEY, _headers(), BODY, NOW) == "msg_1"


def test_the_signature_is_that_of_the_standard() -> None:
    key = read_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    assert sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body) == (
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_one_of_several_signatures_is_enough() -> None:
    assert check(KEY, _headers(webhook_signature=f"v1,xxx v1a,yyy {sign(KEY, 'msg_1', STAMP, BODY)}"), BODY, NOW)


@pytest.mark.parametrize(
    ("changed", "body", "later", "reason"),
    [
        ({"webhook_id": "msg_2"}, BODY, 0, "签名不对"),
        ({}, BODY + b" ", 0, "签名不对"),
        ({"webhook_signature": "v1,刹车"}, BODY, 0, "签名不对"),
        ({"webhook_signature": ""}, BODY, 0, "缺少"),
        ({"webhook_timestamp": "yesterday"}, BODY, 0, "Unix 秒数"),
        ({"webhook_timestamp": "9" * 40}, BODY, 0, "Unix 秒数"),
        ({"webhook_id": "x" * 201}, BODY, 0, "可见字符"),
        ({"webhook_id": "a\nb"}, BODY, 0, "可见字符"),
        ({}, BODY, 301, "五分钟"),
        ({}, BODY, -301, "五分钟"),
    ],
)
def test_anything_else_is_refused_with_the_reason(
    changed: dict[str, str], body: bytes, later: int, reason: str
) -> None:
    with pytest.raises(SignatureRefused, match=reason):
        check(KEY, _headers(**changed), body, NOW + timedelta(seconds=later))


def test_a_key_is_read_as_it_is_shown_and_any_other_word_is_a_key_too() -> None:
    key = derived_key(b"installation", "push:7")
    assert read_secret(secret_text(key)) == key
    assert key != derived_key(b"installation", "push:8")
    assert read_secret("our own word") == b"our own word"
    assert read_secret("whsec_no base64!") == b"whsec_no base64!"
