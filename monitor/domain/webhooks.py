"""Signed deliveries over HTTP: who sent this, and is it really what they sent?

The scheme is that of Standard Webhooks (standardwebhooks.com, specification 1.0): three headers, and an HMAC-SHA256
over id, time stamp and body, in Base64.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta

PREFIX = "whsec_"
TOLERANCE = timedelta(minutes=5)
"""How far a delivery's time stamp may be from ours: what was recorded yesterday cannot be sent again today."""

_LONGEST_ID = 200


class SignatureRefused(Exception):
    """The delivery is not believed; says why, in Chinese, for the person who set up the other side."""


def secret_text(key: bytes) -> str:
    """A key as people copy it."""
    return PREFIX + base64.b64encode(key).decode()


def read_secret(text: str) -> bytes:
    """The key in such a text; any other text is taken as the key itself."""
    if not text.startswith(PREFIX):
        return text.encode()
    try:
        return base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        return text.encode()


def derived_key(installation: bytes, name: str) -> bytes:
    """A key of its own for each purpose, made of the installation's: nothing needs to be stored."""
    return hmac.new(installation, name.encode(), hashlib.sha256).digest()


def sign(key: bytes, delivery: str, timestamp: int, body: bytes) -> str:
    """The signature header of a delivery."""
    signed = f"{delivery}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def check(key: bytes, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """The id of a delivery that is signed with `key`. Raises `SignatureRefused`."""
    delivery, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    signatures = headers.get("webhook-signature", "")
    if not delivery or not stamp or not signatures:
        raise SignatureRefused("缺少 webhook-id、webhook-timestamp 或 webhook-signature 头。")
    if len(delivery) > _LONGEST_ID or not delivery.isprintable():
        raise SignatureRefused(f"webhook-id 应为 1 到 {_LONGEST_ID} 个可见字符。")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 13):
        raise SignatureRefused("webhook-timestamp 应为 Unix 秒数。")
    if abs(int(stamp) - now.timestamp()) > TOLERANCE.total_seconds():
        raise SignatureRefused("webhook-timestamp 与现在相差超过五分钟；请校准时钟，重发时用新的时间重新签名。")
    wanted = sign(key, delivery, int(stamp), body).encode()
    # Several signatures stand there while a key is being changed; each is compared in constant time.
    if not any(hmac.compare_digest(wanted, each.encode(errors="replace")) for each in signatures.split()[:10]):
        raise SignatureRefused("签名不对；请核对密钥，并对收到的原始内容签名。")
    return delivery
