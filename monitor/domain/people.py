"""Who may do what."""

from enum import StrEnum


class Role(StrEnum):
    """What a member is: 坐席, 主办, 部门长, 班长/督办, 管理员."""

    AGENT = "agent"
    HANDLER = "handler"
    HEAD = "head"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"


class Permission(StrEnum):
    """What pages and commands ask for."""

    SEE_ALL_TICKETS = "see_all_tickets"
    SEE_DEPARTMENT_TICKETS = "see_department_tickets"
    DECIDE_SIGNALS = "decide_signals"
    SEE_SOURCES = "see_sources"
    EDIT_SOURCES = "edit_sources"
    SEE_OUTBOX = "see_outbox"
    EDIT_MEMBERS = "edit_members"
    CHANGE_MODEL = "change_model"


_CARE = frozenset({Permission.SEE_ALL_TICKETS, Permission.DECIDE_SIGNALS, Permission.SEE_SOURCES})

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.AGENT: _CARE,
    Role.HANDLER: frozenset({Permission.SEE_DEPARTMENT_TICKETS}),
    Role.HEAD: frozenset({Permission.SEE_DEPARTMENT_TICKETS}),
    Role.SUPERVISOR: _CARE | {Permission.SEE_OUTBOX, Permission.CHANGE_MODEL},
    Role.ADMINISTRATOR: _CARE
    | {Permission.EDIT_SOURCES, Permission.SEE_OUTBOX, Permission.EDIT_MEMBERS, Permission.CHANGE_MODEL},
}


def may(role: Role, permission: Permission) -> bool:
    """Whether a member of this role has the permission."""
    return permission in PERMISSIONS[role]


DEPARTMENT_ROLES = frozenset({Role.HANDLER, Role.HEAD})
"""Roles that work for one department and see its tickets only."""
