"""A Google service account: its key file, and the signed request for a token (RFC 7523). Needs `xianwai[google]`."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from google.auth import crypt, jwt

from scrapers.errors import CollectorNotConfigured
from scrapers.reading.answers import table, word

_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LASTS = 600


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """Who asks, where tokens are given, and the key that signs."""

    email: str
    token_address: str
    signer: Any = field(repr=False)


def read_account(key_file: str) -> ServiceAccount:
    """The account of a JSON key file. Raises `CollectorNotConfigured` naming what is wrong."""
    try:
        info = table(json.loads(key_file))
    except (ValueError, RecursionError):
        info = {}
    email, address = word(info.get("client_email")), word(info.get("token_uri"))
    if not email or not address.startswith("https://"):
        raise CollectorNotConfigured(
            "选项 credentials 指向的不是服务账号的密钥文件：应是 Google Cloud 下载的 JSON，"
            "里面有 client_email、private_key 和 token_uri。",
            option="credentials",
        )
    try:
        signer = crypt.RSASigner.from_service_account_info(info)  # type: ignore[no-untyped-call]
    except (ValueError, TypeError) as error:
        raise CollectorNotConfigured(
            "选项 credentials 指向的密钥文件里，private_key 不是可用的 RSA 私钥；请重新下载。", option="credentials"
        ) from error
    return ServiceAccount(email, address, signer)


def token_request(account: ServiceAccount, scope: str, now: datetime) -> bytes:
    """The body of the request that exchanges a signed assertion for a token to use `scope`."""
    seconds = int(now.timestamp())
    claims = {
        "iss": account.email,
        "scope": scope,
        "aud": account.token_address,
        "iat": seconds,
        "exp": seconds + _LASTS,
    }
    assertion: bytes = jwt.encode(account.signer, claims)  # type: ignore[no-untyped-call]
    return urlencode({"grant_type": _GRANT, "assertion": assertion.decode()}).encode()
