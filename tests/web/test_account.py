"""Password and theme."""

from collections.abc import Callable

from flask.testing import FlaskClient

from tests.cast import PASSWORD

SignIn = Callable[[str], FlaskClient]
NEW = "a better long password"


def test_a_new_password_ends_every_other_session(sign_in: SignIn) -> None:
    here, elsewhere = sign_in("alice"), sign_in("alice")
    changed = here.post("/account/password", data={"old": PASSWORD, "new": NEW, "again": NEW})
    assert changed.location == "/inbox"
    assert here.get("/inbox").status_code == 200
    assert elsewhere.get("/inbox").status_code == 302


def test_a_wrong_old_password_changes_nothing(sign_in: SignIn) -> None:
    alice = sign_in("alice")
    refused = alice.post("/account/password", data={"old": "wrong", "new": NEW, "again": NEW})
    assert refused.status_code == 422
    assert "原密码不对" in refused.get_data(as_text=True)


def test_two_different_new_passwords_are_refused(sign_in: SignIn) -> None:
    refused = sign_in("alice").post("/account/password", data={"old": PASSWORD, "new": NEW, "again": NEW + "!"})
    assert refused.status_code == 422


def test_the_theme_is_kept_in_the_browser(sign_in: SignIn) -> None:
    alice = sign_in("alice")
    assert 'data-bs-theme="dark"' not in alice.get("/inbox").get_data(as_text=True)
    alice.post("/account/theme", data={"theme": "dark"})
    assert 'data-bs-theme="dark"' in alice.get("/inbox").get_data(as_text=True)


def test_an_unknown_theme_is_ignored(sign_in: SignIn) -> None:
    alice = sign_in("alice")
    alice.post("/account/theme", data={"theme": '"><script>'})
    assert 'data-theme="auto"' in alice.get("/inbox").get_data(as_text=True)
