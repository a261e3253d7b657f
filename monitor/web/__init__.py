"""Staff pages. Reads through `storage.queries` and `services.access`, writes only through `services`."""

from flask import Flask

from monitor.web import (
    account,
    auth,
    errors,
    health,
    inbox,
    members,
    model,
    outbox,
    presenting,
    security,
    signals,
    signed_in,
    sources,
    tickets,
)


def register(app: Flask) -> None:
    """Adds the staff pages to the application."""
    security.register(app)
    signed_in.register(app)
    presenting.register(app)
    errors.register(app)
    for page in (health, auth, account, inbox, tickets, signals, sources, outbox, members, model):
        app.register_blueprint(page.pages)
