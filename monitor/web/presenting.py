"""How values look on pages: filters, the theme, addresses of our own files."""

import hashlib
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from flask import Flask, request, url_for
from flask_bootstrap import Bootstrap5
from markupsafe import Markup

from monitor import edge
from monitor.domain import wording
from monitor.domain.people import Permission, may
from monitor.domain.text import mask_contact
from monitor.domain.tickets import Status
from monitor.domain.verdicts import Severity
from monitor.storage.queries.posts import count_signals
from monitor.web.signed_in import visitor

STATIC = Path(__file__).parent / "static"
THEME_COOKIE = "xianwai_theme"
THEMES = {"auto": "跟随系统", "light": "浅色", "dark": "深色"}


def register(app: Flask) -> None:
    """Gives templates their filters and names."""
    app.config.setdefault("BOOTSTRAP_SERVE_LOCAL", True)
    if "bootstrap" not in app.blueprints:
        Bootstrap5(app)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        label=wording.label,
        stance=lambda polarity: wording.STANCES[polarity],
        moment=moment,
        brief_moment=brief_moment,
        time_left=time_left,
        span=wording.say_span,
        hidden_contact=mask_contact,
        percent=lambda share: f"{share * 100:.0f}%",
        thousands=lambda number: f"{number:,}",
    )
    app.jinja_env.globals.update(asset=asset, icon=icon, Status=Status, Severity=Severity, THEMES=THEMES)
    app.context_processor(_of_every_page)


def _of_every_page() -> dict[str, object]:
    chosen = request.cookies.get(THEME_COOKIE, "auto")
    return {
        "theme": chosen if chosen in THEMES else "auto",
        "company": edge.installation().settings.company,
        "can": _can,
        "signals_waiting": lambda: count_signals(edge.session()),
        "now": edge.now(),
    }


def _can(permission: str) -> bool:
    member = visitor()
    return member is not None and may(member.role, Permission(permission))


@cache
def _fingerprint(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]


def asset(name: str) -> str:
    """The address of one of our own files; it changes with the content, so that a browser may keep it for long."""
    return url_for("static", filename=name, v=_fingerprint(name))


def icon(name: str) -> Markup:
    """A small picture beside a word; it says nothing that the word does not."""
    return Markup('<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>').format(
        asset("icons.svg"), name
    )


def moment(value: datetime | None) -> Markup:
    """11月22日 周日 14:05, with the exact moment for machines and on hover."""
    return _time(value, wording.say_moment(value, _zone(), now=edge.now()))


def brief_moment(value: datetime | None) -> Markup:
    """How long ago under a day, else the day; the exact moment on hover and for screen readers."""
    if value is None:
        return Markup("")
    ago = edge.now() - value
    if 0 <= ago.total_seconds() < 24 * 3600:
        words = "刚刚" if ago.total_seconds() < 60 else f"{wording.say_span(ago)}前"
        return _time(value, words)
    local = value.astimezone(_zone())
    year = "" if local.year == edge.now().astimezone(_zone()).year else f"{local.year}年"
    return _time(value, f"{year}{local.month}月{local.day}日 {local:%H:%M}")


def time_left(value: datetime | None) -> Markup:
    """剩 1时20分 or 超 2天, marked late or close, with the exact moment on hover."""
    if value is None:
        return Markup("")
    left = value - edge.now()
    urgency = "late" if left.total_seconds() < 0 else "close" if left.total_seconds() < 4 * 3600 else "far"
    words = wording.say_time_left(value, edge.now())
    sign = icon("late") if urgency == "late" else icon("clock") if urgency == "close" else Markup("")
    return Markup('<span class="left left-{}">{}{}</span>').format(urgency, sign, _time(value, words))


def _time(value: datetime | None, words: str) -> Markup:
    if value is None:
        return Markup("")
    local = value.astimezone(_zone())
    return Markup('<time datetime="{}" title="{:%Y-%m-%d %H:%M:%S}">{}</time>').format(
        local.isoformat(timespec="seconds"), local, words
    )


def _zone() -> ZoneInfo:
    return edge.installation().settings.zone
