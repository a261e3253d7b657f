"""Addresses as they are shown, whose they are, and where a redirect leads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.errors import CollectError
from scrapers.fetching.urls import check_address, host_of, joined, may_hear_secrets, refuse_sign_in, shown
from tests.scrapers.fuzzing import THOROUGH


def test_an_address_is_shown_without_its_secrets() -> None:
    assert shown("https://me:secret@example.com/a?token=1#x") == "https://example.com/a"
    assert shown("http://[") == "（无法识别的网址）"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Shop.Example/a", "shop.example"),
        ("http://shop.example:80/", "shop.example"),
        ("https://me:pw@shop.example:443/", "shop.example"),
        ("https://shop.example./", "shop.example"),
        ("http://shop.example:8080/", "shop.example:8080"),
        ("http://[2606:4700::1]/", "2606:4700::1"),
    ],
)
def test_one_host_takes_turns_under_one_name(url: str, host: str) -> None:
    assert host_of(url) == host


@pytest.mark.parametrize(
    "url", ["http://a.example:0/", "http://a.example:99999/", "//a.example", "https:///x", "https://."]
)
def test_what_has_no_host_or_no_port_is_no_address(url: str) -> None:
    with pytest.raises(CollectError, match="写得不对"):
        check_address(url)


def test_a_redirect_may_be_written_in_chinese() -> None:
    raw = "/帖子/1".encode().decode("latin-1")
    assert joined("https://a.example/x", raw) == "https://a.example/帖子/1"
    with pytest.raises(CollectError, match="无法识别"):
        joined("https://a.example/x", "http://[")


@pytest.mark.parametrize(
    ("url", "following", "trusted"),
    [
        ("https://a.example/1", "https://a.example/2", True),
        ("http://a.example/1", "https://a.example/1", True),
        ("http://a.example:80/1", "https://a.example:443/1", True),
        ("https://a.example/1", "http://a.example/1", False),
        ("https://a.example/1", "https://b.example/1", False),
        ("http://a.example:8080/1", "https://a.example/1", False),
        ("https://a.example/1", "https://a.example:8443/1", False),
        ("https://a.example/1", "https://a.example:x/1", False),
    ],
)
def test_secrets_go_on_to_the_same_site_or_its_encrypted_door(url: str, following: str, *, trusted: bool) -> None:
    assert may_hear_secrets(url, following) is trusted


@pytest.mark.parametrize(
    "target",
    [
        "https://a.example/user/login?back=/",
        "https://a.example/Login.aspx",
        "https://passport.a.example/x",
        "https://a.example/member.php?mod=logging&action=login",
        "https://a.example/antispider/?from=x",
    ],
)
def test_a_sign_in_page_is_known_by_whole_words(target: str) -> None:
    with pytest.raises(CollectError, match=r"登录或验证页面.*改用") as raised:
        refuse_sign_in("https://a.example/list", target, "请改用别的。")
    assert raised.value.permanent


@pytest.mark.parametrize(
    ("start", "target"),
    [
        ("https://a.example/t/12", "https://a.example/t/login-problem-after-update/12"),
        ("https://a.example/t/12", "https://a.example/verified-owners/12"),
        ("https://passport.a.example/", "https://passport.a.example/list"),
        ("https://a.example/t/12", "http://["),
    ],
)
def test_a_topic_about_signing_in_is_no_sign_in_page(start: str, target: str) -> None:
    refuse_sign_in(start, target, "")


_NASTY = st.text(max_size=60) | st.from_regex(
    r"(https?:)?//[\[\]:@%a-z0-9.\u4e00-\u9fff-]{0,30}(:[0-9]{0,6})?[/?#a-z=&%]{0,20}", fullmatch=True
)


@pytest.mark.fuzz
@given(st.binary(max_size=60).map(lambda raw: raw.decode("latin-1")) | _NASTY)
@THOROUGH
def test_wherever_a_site_sends_us_only_our_own_error_comes_of_it(target: str) -> None:
    start = "https://forum.example/list"
    try:
        following = joined(start, target)
        refuse_sign_in(start, following, "")
        may_hear_secrets(start, following)
        shown(following)
        check_address(following)
    except CollectError:
        return
    assert host_of(following)
