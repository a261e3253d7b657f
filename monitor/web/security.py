"""What every answer carries so that a browser runs and loads nothing but our own files, and every form its token."""

from flask import Flask, Response
from flask_wtf.csrf import CSRFProtect

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
FRAMING_POLICY = CONTENT_POLICY + "; frame-src 'self'"
"""For the one page that shows a mail in a frame."""
FRAMED_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox allow-popups"
"""For the mail inside that frame: its own inline style, no script, no picture, no form."""


def register(app: Flask) -> None:
    """Sets the headers of every answer, unless a page set its own, and asks every form for its token."""
    # A token is good as long as the session: a form left open over lunch must not lose what was typed into it.
    app.config.setdefault("WTF_CSRF_TIME_LIMIT", None)
    CSRFProtect(app)
    app.after_request(_headers)


def _headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", CONTENT_POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    if response.mimetype == "text/html":
        # What one person saw must not be shown to the next one at the same computer after signing out.
        response.headers.setdefault("Cache-Control", "no-store")
    return response
