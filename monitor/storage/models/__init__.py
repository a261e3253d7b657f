"""The rows: columns, constraints and relationships; no decisions."""

from monitor.storage.models.alerts import Notification
from monitor.storage.models.audit import AuditEntry
from monitor.storage.models.base import Base
from monitor.storage.models.evidence import HookDelivery, Seal, SealedPayload
from monitor.storage.models.learning import Correction, SpotCheck
from monitor.storage.models.people import ApiToken, Department, Member
from monitor.storage.models.posts import Assessment, Capture, Cluster, Customer, Post, PostBand, PostRevision
from monitor.storage.models.rescoring import RescoreChange, RescoreRun
from monitor.storage.models.sources import Backfill, CollectRun, HealthChange, HostTurn, Source
from monitor.storage.models.tickets import Approval, Assignment, CallBack, FollowUp, Note, Reply, Ticket

__all__ = [
    "ApiToken",
    "Approval",
    "Assessment",
    "Assignment",
    "AuditEntry",
    "Backfill",
    "Base",
    "CallBack",
    "Capture",
    "Cluster",
    "CollectRun",
    "Correction",
    "Customer",
    "Department",
    "FollowUp",
    "HealthChange",
    "HookDelivery",
    "HostTurn",
    "Member",
    "Note",
    "Notification",
    "Post",
    "PostBand",
    "PostRevision",
    "Reply",
    "RescoreChange",
    "RescoreRun",
    "Seal",
    "SealedPayload",
    "Source",
    "SpotCheck",
    "Ticket",
]
