"""The public door: the complaint form and the query page. Needs no sign-in; writes only through `services`."""

from flask import Flask

from monitor.public import complain, limits, track


def register(app: Flask) -> None:
    """Adds the public pages to the application."""
    app.register_blueprint(complain.blueprint)
    app.register_blueprint(track.blueprint)
    limits.apply(app)
