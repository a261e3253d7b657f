"""The public door: the complaint form and the query page."""

from flask import Flask


def register(app: Flask) -> None:
    """Adds the public pages to the application."""
