"""Staff pages. Reads through `storage.queries` and `services.access`, writes only through `services`."""

from flask import Flask


def register(app: Flask) -> None:
    """Adds the staff pages to the application."""
