"""Who may do what, against a table written by hand."""

from itertools import product

import pytest

from monitor.domain.people import DEPARTMENT_ROLES, Permission, Role, may

MAY = {
    Role.AGENT: "see_all_tickets decide_signals see_sources",
    Role.HANDLER: "see_department_tickets",
    Role.HEAD: "see_department_tickets",
    Role.SUPERVISOR: "see_all_tickets decide_signals see_sources see_outbox change_model",
    Role.ADMINISTRATOR: "see_all_tickets decide_signals see_sources see_outbox edit_sources edit_members change_model",
}


@pytest.mark.parametrize(("role", "permission"), list(product(Role, Permission)))
def test_a_role_has_the_permissions_of_the_table_and_no_other(role: Role, permission: Permission) -> None:
    assert may(role, permission) is (permission.value in MAY[role].split())


def test_department_roles_see_their_departments_tickets_only() -> None:
    for role in Role:
        assert may(role, Permission.SEE_ALL_TICKETS) is (role not in DEPARTMENT_ROLES)
