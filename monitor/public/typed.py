"""What somebody typed into a public form, as it came in, made fit to keep and to show again."""

import secrets
from dataclasses import asdict, dataclass
from typing import Self

from flask import current_app, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from monitor.domain.text import clean_text
from monitor.services.submitting import Complaint

_A_DAY = 24 * 3600
ANONYMOUS = "anonymous"


def line(name: str) -> str:
    """A field of one line, without control characters."""
    return " ".join(clean_text(request.form.get(name, "")).split())


def words(name: str) -> str:
    """A field of running text, with its line breaks."""
    return clean_text(request.form.get(name, ""))


@dataclass(frozen=True, slots=True)
class Filled:
    """The complaint form as somebody filled it in."""

    text: str = ""
    contact: str = ""
    name: str = ""
    phone: str = ""
    email: str = ""
    remedy_wished: str = ""
    once: str = ""

    @classmethod
    def read(cls) -> Self:
        """What this request brought."""
        singles = {name: line(name) for name in ("contact", "name", "phone", "email", "remedy_wished", "once")}
        return cls(text=words("text"), **singles)

    def complaint(self) -> Complaint:
        """What is to be filed; of somebody who wants to stay anonymous no contact is kept, even if one was typed."""
        fields = asdict(self)
        if fields.pop("contact") == ANONYMOUS:
            fields |= {"name": "", "phone": "", "email": ""}
        return Complaint(**fields | {"once": opened_once(self.once)})


def new_once() -> str:
    """A value for a form about to be shown; signed, so that only forms we showed are taken."""
    return str(_signer().dumps(secrets.token_urlsafe(16)))


def opened_once(given: str) -> str:
    """The one-time value inside, or "" when it is not ours or older than a day."""
    try:
        return str(_signer().loads(given, max_age=_A_DAY))
    except BadSignature:
        return ""


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="complaint form")


def trapped() -> bool:
    """Whether the field was filled in that no person sees."""
    return bool(request.form.get("website", "").strip())
