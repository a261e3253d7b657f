"""Everything a use case needs besides rows: one frozen bundle, made by `wiring`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Protocol

from monitor.domain.alerts import AlertRule, Channel, Rendered
from monitor.domain.business_hours import BusinessHours
from monitor.domain.deletions import DeletedPosts
from monitor.domain.places import NO_PLACES, PlaceFinder
from monitor.domain.routing import RoutingRule
from monitor.domain.sla import SlaTerms
from monitor.domain.triage import TriagePolicy
from monitor.domain.verdicts import Judge


class Renderer(Protocol):
    """Turns a message name and its facts into words."""

    def __call__(self, name: str, facts: Mapping[str, Any]) -> Rendered: ...


@dataclass(frozen=True)
class Tools:
    """What was chosen for this installation."""

    judge: Judge
    fold: Callable[[str], str]
    render: Renderer
    channels: Mapping[str, Channel]
    routing_rules: tuple[RoutingRule, ...]
    fallback: str
    dispatch_at: float
    triage: TriagePolicy
    terms: SlaTerms
    hours: BusinessHours
    alert_rules: tuple[AlertRule, ...]
    zone: tzinfo
    base_url: str
    company: str
    pseudonym_key: bytes
    flag_at: float = 0.5
    """The probability from which on the classifier flags a post."""
    deleted_posts: DeletedPosts = DeletedPosts.HIDE
    """What becomes of our copy when the source deletes a post."""
    payload_days: int = 0
    """How long the bodies of what came over the line are kept; 0 keeps their hashes alone."""
    spot_checks_per_day: int = 20
    topics: tuple[str, ...] = ()
    """The configured topics, as a person chooses among them."""
    router_version: str = ""
    """Of the company's own router; "" where the router is part of the model and `judge.version` says it."""
    places: PlaceFinder = NO_PLACES
    """Regions and dealers as configured."""
