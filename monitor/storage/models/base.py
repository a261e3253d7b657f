"""The base of all rows: how Python types become columns, and how constraints are named."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Enum, MetaData, String
from sqlalchemy.orm import DeclarativeBase

from monitor.domain.alerts import Event
from monitor.domain.backfills import BackfillState
from monitor.domain.health import Health
from monitor.domain.learning import CorrectionOrigin, Stratum
from monitor.domain.likeness import Spread
from monitor.domain.people import Role
from monitor.domain.rescoring import RunState, Shift
from monitor.domain.routing import DecidedBy
from monitor.domain.sla import FollowUpKind
from monitor.domain.tickets import Action, Status
from monitor.domain.triage import Outcome
from monitor.domain.verdicts import Expression, Polarity, Severity
from monitor.storage.columns import UtcDateTime


def _by_value(enum: type[StrEnum]) -> Enum:
    """Stored as the value that API and configuration use, as plain text, so that a new member needs no migration."""
    return Enum(
        enum, native_enum=False, create_constraint=False, length=32, values_callable=lambda e: [m.value for m in e]
    )


_ENUMS: tuple[type[StrEnum], ...] = (
    Action,
    BackfillState,
    CorrectionOrigin,
    DecidedBy,
    Event,
    Expression,
    FollowUpKind,
    Health,
    Outcome,
    Polarity,
    Role,
    RunState,
    Severity,
    Shift,
    Spread,
    Status,
    Stratum,
)


_COLUMN_TYPES: dict[Any, Any] = {
    datetime: UtcDateTime(),
    str: String(),
    dict[str, Any]: JSON(),
    list[Any]: JSON(),
    **{enum: _by_value(enum) for enum in _ENUMS},
}


class Base(DeclarativeBase):
    """What every table shares."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = _COLUMN_TYPES
