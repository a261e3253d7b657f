"""The OpenAPI document is true."""

import re
from http import HTTPStatus
from typing import Any

import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from monitor.api.document import PREFIX
from tests.api.conftest import Machine

_METHODS = {"get", "post", "put", "patch", "delete"}


def _document(client: FlaskClient) -> dict[str, Any]:
    document: dict[str, Any] | None = client.get(f"{PREFIX}/openapi.json").json
    assert document is not None
    return document


def test_routes_and_document_agree(app: Flask, client: FlaskClient) -> None:
    documented = {
        (path, method) for path, item in _document(client)["paths"].items() for method in item if method in _METHODS
    }
    served = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(PREFIX) and not rule.endpoint.startswith("api-docs")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert documented == served


def test_every_operation_asks_for_a_token_or_a_signature_and_says_so(client: FlaskClient) -> None:
    for path, item in _document(client)["paths"].items():
        for method, operation in item.items():
            if method not in _METHODS:
                continue
            if path.startswith(f"{PREFIX}/hooks/"):
                assert operation["security"] == [{"signature": []}]
            else:
                assert operation["security"] == [{"token": []}], path
                answer = client.open(path.replace("{number}", "TS-1"), method=method)
                assert answer.status_code == HTTPStatus.UNAUTHORIZED


def test_answers_are_as_documented_whatever_is_asked(app: Flask, machine: Machine) -> None:
    schema = schemathesis.openapi.from_wsgi(f"{PREFIX}/openapi.json", app)
    headers = {"Authorization": f"Bearer {machine.token}"}
    checks = [status_code_conformance, content_type_conformance, response_schema_conformance]
    found: Any
    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def holds(case: Any) -> None:
            answer = case.call(headers=headers)
            assert answer.status_code < 500
            case.validate_response(answer, checks=checks)

        holds()


def test_an_unknown_address_is_answered_in_json(client: FlaskClient) -> None:
    answer = client.get(f"{PREFIX}/nothing/here")
    assert answer.status_code == 404
    assert answer.json is not None
    assert answer.json["code"] == "not_found"


def test_a_wrong_method_is_answered_in_json_and_names_the_right_one(client: FlaskClient) -> None:
    answer = client.delete(f"{PREFIX}/posts")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    assert answer.json is not None
    assert answer.json["code"] == "method_not_allowed"
