"""Which posts of a source are wanted."""

from monitor.services.intake import Wanted, everything
from monitor.services.tools import Tools
from monitor.storage.models import Source


def wanted_by(source: Source, tools: Tools) -> Wanted:  # noqa: ARG001
    """What the query of the source wants."""
    return everything
