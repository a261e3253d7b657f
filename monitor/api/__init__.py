"""The API, /api/v1: machines push posts in and read tickets. Described by /api/v1/openapi.json, which is true."""

from typing import cast

from flask import Flask
from flask.json.provider import DefaultJSONProvider

from monitor.api import departments, document, errors, hooks, posts, tickets


def register(app: Flask) -> None:
    """Adds the API to the application."""
    described = document.describe(app)
    for blueprint in (posts.blueprint, hooks.blueprint, tickets.blueprint, departments.blueprint):
        described.register_blueprint(blueprint, url_prefix=document.PREFIX)
        app.extensions["csrf"].exempt(blueprint)  # a token, not a cookie, says who calls
    cast("DefaultJSONProvider", app.json).ensure_ascii = False  # Chinese stays readable
    errors.answer_unknown_addresses(app, document.PREFIX)
