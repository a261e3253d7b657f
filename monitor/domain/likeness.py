"""Which posts are copies of one another."""

from enum import StrEnum


class Spread(StrEnum):
    """How the wording of a cluster of near-equal posts spread."""

    SINGLE = "single"
    DUPLICATE = "duplicate"
    """One author said it more than once."""
    REPOST = "repost"
    CAMPAIGN = "campaign"
    """Many authors within hours: to be looked at, never deleted."""
    TEMPLATE = "template"
    """Many authors over months: a common form of words."""
