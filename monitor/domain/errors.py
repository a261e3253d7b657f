"""The product's own errors.

MonitorError
├── NotFound
├── Forbidden
├── Invalid            (fields: name → message)
├── InvalidAction
├── StaleWrite
├── ConfigError
└── DeliveryError      (permanent)
"""

from collections.abc import Mapping


class MonitorError(Exception):
    """Anything this product refuses to do; `code` is stable, the message is Chinese and for people."""

    code = "error"


class NotFound(MonitorError):
    """There is no such thing, or this person may not know of it."""

    code = "not_found"


class Forbidden(MonitorError):
    """This person may see the thing but not do this with it."""

    code = "forbidden"


class Invalid(MonitorError):
    """What was given cannot be taken; `fields` says which part and why."""

    code = "invalid"

    def __init__(self, message: str, *, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = dict(fields or {})


class InvalidAction(MonitorError):
    """The ticket's state, or who the person is, does not allow this step; the message names which."""

    code = "invalid_action"


class StaleWrite(MonitorError):
    """Somebody else changed the ticket in between."""

    code = "stale_write"


class ConfigError(MonitorError):
    """A configuration file is wrong: the message names file, key and what was expected."""

    code = "config_error"


class DeliveryError(MonitorError):
    """A message could not be handed over; `permanent` means that trying again is useless."""

    code = "delivery_error"

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent
