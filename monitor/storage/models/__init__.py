"""The rows: columns, constraints and relationships; no decisions."""

from monitor.storage.models.alerts import Notification
from monitor.storage.models.audit import AuditEntry
from monitor.storage.models.base import Base
from monitor.storage.models.learning import Correction, SpotCheck
from monitor.storage.models.people import ApiToken, Department, Member
from monitor.storage.models.posts import Assessment, Customer, Post, PostRevision
from monitor.storage.models.rescoring import RescoreChange, RescoreRun
from monitor.storage.models.sources import CollectRun, Source
from monitor.storage.models.tickets import Approval, Assignment, CallBack, FollowUp, Note, Reply, Ticket

__all__ = [
    "ApiToken",
    "Approval",
    "Assessment",
    "Assignment",
    "AuditEntry",
    "Base",
    "CallBack",
    "CollectRun",
    "Correction",
    "Customer",
    "Department",
    "FollowUp",
    "Member",
    "Note",
    "Notification",
    "Post",
    "PostRevision",
    "Reply",
    "RescoreChange",
    "RescoreRun",
    "Source",
    "SpotCheck",
    "Ticket",
]
