"""Who may open what: every staff route, for every role."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

SignIn = Callable[[str], FlaskClient]

EVERYBODY = frozenset({"alice", "bob", "carol", "erin", "dave"})
CARE = frozenset({"alice", "erin", "dave"})
CHIEFS = frozenset({"erin", "dave"})
ADMINISTRATOR = frozenset({"dave"})

ROUTES: dict[tuple[str, str], frozenset[str]] = {
    ("GET", "/inbox"): EVERYBODY,
    ("GET", "/tickets/<number>"): EVERYBODY,
    ("GET", "/tickets/<number>/posts/<int:post_id>"): EVERYBODY,
    ("POST", "/tickets/<number>/<action>"): EVERYBODY,
    ("POST", "/tickets/<number>/approval"): EVERYBODY,
    ("POST", "/tickets/<number>/notes"): EVERYBODY,
    ("POST", "/tickets/<number>/contact"): EVERYBODY,
    ("POST", "/tickets/<number>/follow-ups"): EVERYBODY,
    ("POST", "/tickets/<number>/follow-ups/<int:follow_up_id>/done"): EVERYBODY,
    ("GET", "/account/password"): EVERYBODY,
    ("POST", "/account/password"): EVERYBODY,
    ("POST", "/account/theme"): EVERYBODY,
    ("POST", "/tickets/<number>/posts/<int:post_id>/correction"): EVERYBODY,
    ("GET", "/model"): CARE,
    ("GET", "/model/accuracy"): CARE,
    ("GET", "/model/rescoring"): CARE,
    ("POST", "/model/rescoring"): CHIEFS,
    ("POST", "/model/rescoring/<int:run_id>/pause"): CHIEFS,
    ("POST", "/model/rescoring/<int:run_id>/resume"): CHIEFS,
    ("POST", "/model/rescoring/<int:run_id>/undo"): CHIEFS,
    ("GET", "/spot-checks"): CARE,
    ("GET", "/spot-checks/<int:check_id>/text"): CARE,
    ("POST", "/spot-checks/<int:check_id>/answer"): CARE,
    ("POST", "/spot-checks/<int:check_id>/skip"): CARE,
    ("GET", "/signals"): CARE,
    ("GET", "/signals/<int:post_id>/text"): CARE,
    ("POST", "/signals/<int:post_id>/accept"): CARE,
    ("POST", "/signals/<int:post_id>/dismiss"): CARE,
    ("POST", "/signals/<int:post_id>/correction"): CARE,
    ("GET", "/sources"): CARE,
    ("GET", "/sources/<int:source_id>"): CARE,
    ("GET", "/sources/import-templates/<name>.csv"): CARE,
    ("GET", "/capture"): CARE,
    ("POST", "/capture"): CARE,
    ("GET", "/sources/<int:source_id>/edit"): ADMINISTRATOR,
    ("POST", "/sources/<int:source_id>/edit"): ADMINISTRATOR,
    ("GET", "/sources/toml"): ADMINISTRATOR,
    ("POST", "/sources/toml"): ADMINISTRATOR,
    ("POST", "/sources/<int:source_id>/backfill"): ADMINISTRATOR,
    ("POST", "/sources/<int:source_id>/backfill/<step>"): ADMINISTRATOR,
    ("GET", "/sources/new"): ADMINISTRATOR,
    ("POST", "/sources/new"): ADMINISTRATOR,
    ("POST", "/sources/<int:source_id>/pause"): ADMINISTRATOR,
    ("POST", "/sources/<int:source_id>/resume"): ADMINISTRATOR,
    ("POST", "/sources/<int:source_id>/collect"): ADMINISTRATOR,
    ("GET", "/outbox"): CHIEFS,
    ("GET", "/outbox/<int:message_id>"): CHIEFS,
    ("GET", "/outbox/<int:message_id>/html"): CHIEFS,
    ("POST", "/outbox/<int:message_id>/retry"): CHIEFS,
    ("GET", "/members"): ADMINISTRATOR,
    ("POST", "/members"): ADMINISTRATOR,
    ("POST", "/members/<login>/reset-password"): ADMINISTRATOR,
    ("POST", "/members/<login>/active"): ADMINISTRATOR,
}
OPEN = {("GET", "/"), ("GET", "/healthz"), ("GET", "/sign-in"), ("POST", "/sign-in"), ("POST", "/sign-out")}
BLUEPRINTS = frozenset(
    {
        "account",
        "accuracy",
        "auth",
        "capture",
        "health",
        "import_templates",
        "inbox",
        "members",
        "model",
        "outbox",
        "rescoring",
        "signals",
        "source_editing",
        "sources",
        "spot_checks",
        "tickets",
    }
)
_EXAMPLES = {
    "<number>": "TS-20261123-000000-0",
    "<action>": "take_on",
    "<step>": "pause",
    "<login>": "nobody",
    "<name>": "weibo",
    "<int:post_id>": "999",
    "<int:check_id>": "999",
    "<int:run_id>": "999",
    "<int:follow_up_id>": "999",
    "<int:source_id>": "999",
    "<int:message_id>": "999",
}


def _address(rule: str) -> str:
    for part, example in _EXAMPLES.items():
        rule = rule.replace(part, example)
    return rule


def test_every_staff_route_stands_in_the_table(app: Flask) -> None:
    found = {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint.split(".")[0] in BLUEPRINTS
    }
    assert found == set(ROUTES) | OPEN


@pytest.mark.parametrize("login", sorted(EVERYBODY))
def test_a_role_opens_exactly_its_routes(sign_in: SignIn, login: str) -> None:
    browser = sign_in(login)
    for (method, rule), allowed in ROUTES.items():
        status = browser.open(_address(rule), method=method, data={}).status_code
        assert (status != 403) == (login in allowed), f"{login} {method} {rule}: {status}"


def test_a_stranger_is_sent_to_sign_in(client: FlaskClient) -> None:
    for method, rule in ROUTES:
        response = client.open(_address(rule), method=method, data={})
        assert response.status_code == 302, rule
        assert response.location.startswith("/sign-in"), rule
