"""Which transports there are; imported on first use, so that a missing library breaks one of them only."""

from importlib import import_module
from typing import Any

TRANSPORTS = {
    "outbox": "monitor.channels.outbox:OutboxChannel",
    "smtp": "monitor.channels.mail:MailChannel",
}


def transport_class(name: str) -> Any:
    """The class of a transport. Raises KeyError for an unknown one."""
    module, _, attribute = TRANSPORTS[name].partition(":")
    return getattr(import_module(module), attribute)
