"""The web application: staff pages, the public door, the API."""

from datetime import timedelta

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from monitor import api, edge, public, web
from monitor.services.tools import Tools
from monitor.settings import resource_folder
from monitor.wiring import Installation, build_tools, open_installation


def create_app(installation: Installation | None = None, tools: Tools | None = None) -> Flask:
    """The application of an installation; without one, of that which settings and environment point to."""
    place = installation or open_installation()
    settings = place.settings
    app = Flask("monitor", template_folder=str(resource_folder("templates")), static_folder="web/static")
    app.config.update(
        SECRET_KEY=settings.secret(),
        SESSION_COOKIE_NAME="xianwai",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=settings.session_hours),
        MAX_CONTENT_LENGTH=16 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=1024 * 1024,
    )
    if settings.behind_proxy:  # or every visitor would count as one address, that of the proxy
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]
    app.extensions["installation"] = place
    app.extensions["tools"] = tools or build_tools(settings, place.configuration)
    edge.register(app)
    web.register(app)
    public.register(app)
    api.register(app)
    return app
