"""Staff pages. Reads through `storage.queries` and `services.access`, writes only through `services`."""

from flask import Flask

from monitor.web import (
    account,
    accuracy,
    auth,
    capture,
    errors,
    health,
    import_templates,
    inbox,
    members,
    model,
    outbox,
    presenting,
    rescoring,
    security,
    signals,
    signed_in,
    source_editing,
    sources,
    spot_checks,
    tickets,
)


def register(app: Flask) -> None:
    """Adds the staff pages to the application."""
    security.register(app)
    signed_in.register(app)
    presenting.register(app)
    errors.register(app)
    staff = (
        account,
        inbox,
        tickets,
        signals,
        capture,
        spot_checks,
        sources,
        source_editing,
        outbox,
        members,
        model,
        accuracy,
        rescoring,
    )
    for page in (health, auth, import_templates, *staff):
        app.register_blueprint(page.pages)
