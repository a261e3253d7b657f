"""Google Play: a signed assertion for a token, pages of reviews, edits, and the seven days after which all is lost."""

import builtins
import json
import sys
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from google.auth import jwt
from hypothesis import given
from hypothesis import strategies as st

from scrapers.base import Batch, RawPost, Rejection, Response, Sign
from scrapers.errors import CollectError, CollectorNotConfigured
from scrapers.kinds.google_play import GooglePlay, parse_reviews
from scrapers.reading.posts import Reading
from scrapers.registry import build
from tests.scrapers.conftest import NOW, PAYLOADS
from tests.scrapers.fuzzing import THOROUGH, odd_json

PAYLOAD = json.loads((PAYLOADS / "google_play" / "reviews.json").read_bytes())
READING = Reading(NOW, UTC, 5)
PACKAGE = "com.example.car"
TOKENS = "https://oauth2.example/token"
URL = f"https://androidpublisher.googleapis.com/androidpublisher/v3/applications/{PACKAGE}/reviews?maxResults=100"
EMAIL = "reviews@example.iam.gserviceaccount.com"


class Google:
    """Gives a token for an assertion, and pages of reviews for the token."""

    def __init__(self, *pages: Any, token: Any = None) -> None:
        self.pages = pages
        self.token = {"access_token": "ya29.secret", "token_type": "Bearer"} if token is None else token
        self.asked: list[str] = []
        self.assertion = b""

    def __call__(self, url: str, *, headers: Mapping[str, str] | None = None, data: bytes | None = None) -> Response:
        if data is not None:
            form = parse_qs(data.decode())
            assert (url, form["grant_type"]) == (TOKENS, ["urn:ietf:params:oauth:grant-type:jwt-bearer"])
            self.assertion = form["assertion"][0].encode()
            answer: Any = self.token
        else:
            assert (headers or {})["Authorization"] == "Bearer ya29.secret"
            answer = self.pages[len(self.asked)]
            self.asked.append(url)
        if isinstance(answer, Exception):
            raise answer
        return Response(url, 200, {}, json.dumps(answer).encode())


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    # Short, since it guards nothing and longer ones take long to make.
    return rsa.generate_private_key(public_exponent=65537, key_size=1024)


@pytest.fixture(scope="module")
def key_file(key: rsa.RSAPrivateKey, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    info = {
        "type": "service_account",
        "client_email": EMAIL,
        "private_key_id": "k1",
        "private_key": pem,
        "token_uri": TOKENS,
    }
    path = tmp_path_factory.mktemp("google") / "key.json"
    path.write_text(json.dumps(info), encoding="utf-8")
    return path


@pytest.fixture
def made(key_file: Path) -> GooglePlay:
    built = build("google_play", {"package": PACKAGE, "credentials": f"file:{key_file}"}, Google())
    assert isinstance(built, GooglePlay)
    return replace(built, clock=lambda: NOW)


def collect(made: GooglePlay, google: Google, cursor: Any = None) -> Batch:
    return replace(made, fetch=google).collect(cursor or {})


def review(name: str, words: str = "太卡了", hours: int = 5) -> dict[str, Any]:
    seconds = str(int((NOW - timedelta(hours=hours)).timestamp()))
    comment = {"text": words, "lastModified": {"seconds": seconds, "nanos": 0}, "starRating": 1}
    return {"reviewId": name, "authorName": "夏夏", "comments": [{"userComment": comment}]}


def page(*reviews: Any, following: str = "") -> dict[str, Any]:
    return {"reviews": list(reviews), **({"tokenPagination": {"nextPageToken": following}} if following else {})}


def ids(batch: Batch) -> list[str]:
    return [post.external_id for post in batch.posts]


def test_reviews_become_posts_and_our_own_replies_do_not() -> None:
    first, second, none = parse_reviews(PAYLOAD, PACKAGE, READING, "Play")
    assert isinstance(first, RawPost)
    assert isinstance(second, RawPost)
    assert (first.title, first.text) == ("充电桩地图不准", "导航过去根本没有桩，白跑 20 公里")
    assert (first.rating, first.rating_scale, first.author) == (1.0, 5, "夏夏")
    assert first.created_at == datetime.fromtimestamp(1787350000, UTC)
    assert first.url.startswith(f"https://play.google.com/store/apps/details?id={PACKAGE}&reviewId=gp:AOqp")
    assert "反馈给地图团队" not in repr(first)
    assert (second.text, second.title, second.author) == ("太卡了", "", "")
    assert none == Rejection("Play 第 3 条", "不是评论（没有编号或没有用户的话）")


@pytest.mark.parametrize(
    ("words", "title", "text"),
    [("标题\t正文", "标题", "正文"), ("\t正文", "", "正文"), ("标题\t", "标题", "标题"), ("正文", "", "正文")],
)
def test_title_and_body_are_parted_by_a_tab(words: str, title: str, text: str) -> None:
    post = parse_reviews(page(review("a", words)), PACKAGE, READING, "Play")[0]
    assert isinstance(post, RawPost)
    assert (post.title, post.text) == (title, text)


def test_no_reviews_at_all_is_an_answer() -> None:
    assert parse_reviews({}, PACKAGE, READING, "Play") == []


@pytest.mark.parametrize("data", [[], None, {"reviews": "none"}])
def test_what_is_no_list_of_reviews_is_an_error(data: Any) -> None:
    with pytest.raises(CollectError, match="不是评论列表"):
        parse_reviews(data, PACKAGE, READING, "Play")


def test_the_token_is_asked_for_with_a_signed_assertion(made: GooglePlay, key: rsa.RSAPrivateKey) -> None:
    google = Google(page())
    collect(made, google)
    header = jwt.decode_header(google.assertion)  # type: ignore[no-untyped-call]
    assert (header["alg"], header["kid"]) == ("RS256", "k1")
    # The moment of the test is long past or yet to come, so the signature is checked apart from the times.
    claims = jwt.decode(google.assertion, verify=False)  # type: ignore[no-untyped-call]
    signed, _, signature = google.assertion.rpartition(b".")
    key.public_key().verify(urlsafe_b64decode(signature + b"=="), signed, PKCS1v15(), SHA256())
    assert (claims["iss"], claims["aud"], claims["exp"] - claims["iat"]) == (EMAIL, TOKENS, 600)
    assert claims["scope"] == "https://www.googleapis.com/auth/androidpublisher"
    assert "secret" not in repr(made)
    assert "PRIVATE" not in repr(made)


def test_pages_are_turned_by_token(made: GooglePlay) -> None:
    google = Google(page(review("c"), following="n1"), page(review("b"), following="n2"), page(review("a")))
    assert ids(collect(made, google)) == ["c", "b", "a"]
    assert google.asked == [URL, f"{URL}&token=n1", f"{URL}&token=n2"]


def test_pages_are_not_turned_where_nothing_changed(made: GooglePlay) -> None:
    first = collect(made, Google(page(review("b")), page(review("a"))))
    google = Google(page(review("b"), following="n1"))
    assert (ids(collect(made, google, first.cursor)), len(google.asked)) == (["b"], 1)


def test_a_token_that_repeats_turns_no_page_for_ever(made: GooglePlay) -> None:
    assert ids(collect(made, Google(page(review("b"), following="n"), page(review("a"), following="n")))) == ["b", "a"]


def test_an_edited_review_keeps_its_id_and_both_moments(made: GooglePlay) -> None:
    first = collect(made, Google(page(review("a", hours=9))))
    post = collect(made, Google(page(review("a", "修好了", hours=1))), first.cursor).posts[0]
    assert (post.external_id, post.text) == ("a", "修好了")
    assert (post.created_at, post.edited_at) == (NOW - timedelta(hours=9), NOW - timedelta(hours=1))


def test_more_than_fifty_pages_are_a_gap(made: GooglePlay) -> None:
    pages = [page(review(str(number)), following=f"n{number}") for number in range(50)]
    batch = collect(made, Google(*pages))
    assert (len(batch.posts), [note.sign for note in batch.notes]) == (50, [Sign.GAP])
    assert len(json.dumps(batch.cursor)) < 10_000


@pytest.mark.parametrize(
    ("days", "signs"),
    [(2.9, []), (3, [Sign.RUNNING_OUT]), (6.9, [Sign.RUNNING_OUT]), (7, [Sign.GAP]), (30, [Sign.GAP])],
)
def test_a_long_absence_is_told_before_and_after_reviews_are_lost(
    made: GooglePlay, days: float, signs: list[Sign]
) -> None:
    before = collect(replace(made, clock=lambda: NOW - timedelta(days=days)), Google(page()))
    assert [note.sign for note in collect(made, Google(page()), before.cursor).notes] == signs


@pytest.mark.parametrize("visited", ["", "never", "2026-08-01T00:00:00"])
def test_a_first_visit_was_never_away(made: GooglePlay, visited: str) -> None:
    assert collect(made, Google(page()), {"visited": visited}).notes == ()


def test_a_refused_account_says_what_to_do(made: GooglePlay) -> None:
    with pytest.raises(CollectError, match=r"不接受这个服务账号.*400") as raised:
        collect(made, Google(token=CollectError("返回 400", status=400)))
    assert raised.value.permanent
    with pytest.raises(CollectError, match="回复评价"):
        collect(made, Google(CollectError("拒绝访问", permanent=True, status=403)))
    with pytest.raises(CollectError, match="没有给出令牌：invalid_grant"):
        collect(made, Google(token={"error": "invalid_grant"}))


def test_a_site_that_is_busy_is_only_busy(made: GooglePlay) -> None:
    with pytest.raises(CollectError, match="忙") as raised:
        collect(made, Google(CollectError("忙", retry_after=60, status=403)))
    assert not raised.value.permanent
    with pytest.raises(CollectError, match="超时"):
        collect(made, Google(token=CollectError("超时")))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"client_email": ""}, "不是服务账号的密钥文件"),
        ({"token_uri": "http://oauth2.example/token"}, "不是服务账号的密钥文件"),
        ({"private_key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"}, "不是可用的 RSA 私钥"),
        ({"private_key": None}, "不是可用的 RSA 私钥"),
        (None, "不是服务账号的密钥文件"),
    ],
)
def test_a_key_file_that_is_none_is_named(key_file: Path, tmp_path: Path, change: Any, message: str) -> None:
    info = json.loads(key_file.read_text("utf-8"))
    (tmp_path / "key.json").write_text("key" if change is None else json.dumps({**info, **change}), encoding="utf-8")
    with pytest.raises(CollectorNotConfigured, match=message) as raised:
        build("google_play", {"package": PACKAGE, "credentials": f"file:{tmp_path / 'key.json'}"}, Google())
    assert raised.value.option == "credentials"


def test_a_package_has_a_package_s_name(key_file: Path) -> None:
    with pytest.raises(CollectorNotConfigured, match="不是包名"):
        build("google_play", {"package": "爱车管家", "credentials": f"file:{key_file}"}, Google())


def test_without_the_library_the_way_to_get_it_is_told(key_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("google"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.delitem(sys.modules, "scrapers.fetching.google_account", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(CollectorNotConfigured, match=r"pip install 'xianwai\[google\]'"):
        build("google_play", {"package": PACKAGE, "credentials": f"file:{key_file}"}, Google())


@pytest.mark.fuzz
@given(st.data())
@THOROUGH
def test_no_answer_breaks_the_reader(data: st.DataObject) -> None:
    try:
        items = parse_reviews(data.draw(odd_json(PAYLOAD)), PACKAGE, READING, "Play")
    except CollectError:
        return
    assert all(item.external_id and item.text for item in items if isinstance(item, RawPost))
