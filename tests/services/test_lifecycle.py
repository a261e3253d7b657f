"""Whatever people do to a ticket, in whatever order: what must hold of it holds after every step."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from monitor.configuration import Configuration, DepartmentEntry
from monitor.domain.errors import MonitorError
from monitor.domain.tickets import OPEN_STATES, TRANSITIONS, Action, Status
from monitor.services.acting import act_on
from monitor.services.approvals import act_or_ask, decide, open_approval
from monitor.services.audit import CUSTOMER, SYSTEM, Doer, doer
from monitor.services.setup import sync
from monitor.services.timers import check_next
from monitor.services.tools import Tools
from monitor.storage.db import Database
from monitor.storage.models import Assignment, AuditEntry, Ticket
from tests.cast import Cast, assemble
from tests.conftest import NOW
from tests.factories import make_ticket

ACTORS = ("alice", "bob", "carol", "sam", "erin", "dave", "customer", "system")
TURNS = (Action.ASK_CUSTOMER, Action.HOLD, Action.REASSIGN, Action.RESPOND)
DEPARTMENTS = ("质量技术", "售后服务", "配件物流")


@dataclass(frozen=True)
class World:
    """What the walk starts from: a configured database, tools, and the departments as configured."""

    database: Database
    tools: Tools
    departments: tuple[DepartmentEntry, ...]


class Walk(RuleBasedStateMachine):
    """Random people take random actions on two tickets of one customer, and time passes."""

    world: ClassVar[World]

    @initialize(steps=st.integers(0, 6), turn=st.sampled_from(TURNS))
    def begin(self, steps: int, turn: Action) -> None:
        self.session: Session = self.world.database.writing()
        self.now: datetime = NOW
        self.cast: Cast = assemble(self.session, self.now)
        texts = ("投诉：一件事", "投诉：又一件事")
        self.tickets = [make_ticket(self.session, self.world.tools, self.now, text, author="李先生") for text in texts]
        self.go_along_the_road(0, steps, turn, DEPARTMENTS[0])

    def teardown(self) -> None:
        if hasattr(self, "session"):
            self.session.close()

    def _doer(self, name: str) -> Doer:
        return {"customer": CUSTOMER, "system": SYSTEM}.get(name) or doer(getattr(self.cast, name))

    def _audited(self) -> int:
        return self.session.scalar(select(func.count()).select_from(AuditEntry)) or 0

    @rule(
        which=st.integers(0, 1),
        action=st.sampled_from(Action),
        actor=st.sampled_from(ACTORS),
        department=st.sampled_from(DEPARTMENTS),
    )
    def act(self, which: int, action: Action, actor: str, department: str) -> None:
        self._try(self.tickets[which], action, actor, department)

    @rule(which=st.integers(0, 1), place=st.integers(0, 20), department=st.sampled_from(DEPARTMENTS))
    def act_as_allowed(self, which: int, place: int, department: str) -> None:
        """One of the actions that lead on from here, by somebody who may: else the walk seldom gets far."""
        ticket = self.tickets[which]
        rows = [row for row in TRANSITIONS if ticket.status in row.sources]
        row = rows[place % len(rows)] if rows else None
        for actor in ACTORS if row else ():
            if row and self._doer(actor).actor in row.actors and self._try(ticket, row.action, actor, department):
                return

    @rule(
        which=st.integers(0, 1),
        steps=st.integers(1, 6),
        turn=st.sampled_from(TURNS),
        department=st.sampled_from(DEPARTMENTS),
    )
    def go_along_the_road(self, which: int, steps: int, turn: Action, department: str) -> None:
        """The ordinary way from where the ticket stands, with one turn in the middle."""
        for action in [Action.ACCEPT, Action.TAKE_ON, turn, Action.RESPOND, Action.TURN_TO_CALLBACK, Action.CLOSE][
            :steps
        ]:
            for actor in ACTORS:
                if self._try(self.tickets[which], action, actor, department):
                    break

    def _try(self, ticket: Ticket, action: Action, actor: str, department: str) -> bool:
        fields = {
            "department": department,
            "severity": ticket.severity.value,
            "reason": "原因",
            "target": next(t.number for t in self.tickets if t is not ticket),
            "question": "哪个店？",
            "review_on": (self.now + timedelta(days=3)).date().isoformat(),
            "told": "yes",
            "outcome": "upheld",
            "remedy": "repair",
            "root_cause": "待查",
            "text": "答复",
            "reached": "电话",
            "contacted": "yes",
            "evidence": "不投诉了",
        }
        by, audited, status = self._doer(actor), self._audited(), ticket.status
        step = act_or_ask if by.member else act_on
        try:
            step(self.session, ticket, action, by, fields, tools=self.world.tools, now=self.now)
        except MonitorError:
            assert ticket.status is status, "what was refused changed nothing"
            return False
        self.session.flush()
        assert self._audited() > audited, "every change leaves an audit row"
        return True

    @rule(which=st.integers(0, 1), actor=st.sampled_from(ACTORS[:6]), granted=st.booleans())
    def decide(self, which: int, actor: str, granted: bool) -> None:
        ticket, audited = self.tickets[which], self._audited()
        waiting = open_approval(ticket)
        point = self.session.begin_nested()
        try:
            decide(self.session, ticket, self._doer(actor), granted, tools=self.world.tools, now=self.now)
        except MonitorError:
            point.rollback()
            return
        self.session.flush()
        assert waiting is not None
        assert waiting.asked_by_id != waiting.decided_by_id, "nobody agrees to their own request"
        assert self._audited() > audited

    @rule(hours=st.sampled_from([1, 5, 26, 100, 400]))
    def let_time_pass(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        while check_next(self.session, self.world.tools, self.now):
            self.session.flush()

    @rule(kept=st.sampled_from(DEPARTMENTS))
    def dissolve_departments(self, kept: str) -> None:
        entries = [d for d in self.world.departments if d.fallback or d.name == kept]
        sync(self.session, entries, [], with_example=False, now=self.now)
        self.session.flush()

    @invariant()
    def every_open_ticket_has_one_living_department_and_one_assignment(self) -> None:
        for ticket in getattr(self, "tickets", []):
            current = self.session.scalars(
                select(Assignment.department_id).where(Assignment.ticket_id == ticket.id, Assignment.until_at.is_(None))
            ).all()
            assert current == [ticket.department_id]
            assert ticket.department.active or ticket.status not in OPEN_STATES

    @invariant()
    def every_open_ticket_has_a_next_date_and_no_ended_one_is_watched(self) -> None:
        for ticket in getattr(self, "tickets", []):
            if ticket.status in OPEN_STATES:
                assert ticket.next_action_at is not None
            else:
                assert ticket.next_action_at is None
                assert all(follow_up.check_at is None for follow_up in ticket.follow_ups)

    @invariant()
    def a_pause_lasts_as_long_as_the_customer_is_waited_for(self) -> None:
        for ticket in getattr(self, "tickets", []):
            assert (ticket.paused_at is not None) is (ticket.status is Status.WAITING_CUSTOMER)

    @invariant()
    def what_waits_for_a_second_person_can_still_be_done(self) -> None:
        for ticket in getattr(self, "tickets", []):
            waiting = open_approval(ticket)
            if waiting is not None:
                assert any(row.action is waiting.action and ticket.status in row.sources for row in TRANSITIONS)

    @invariant()
    def a_merged_ticket_points_to_another_and_never_in_a_circle(self) -> None:
        for ticket in getattr(self, "tickets", []):
            assert (ticket.merged_into is not None) is (ticket.status is Status.MERGED)
            if ticket.merged_into is not None:
                assert ticket.merged_into is not ticket
                assert ticket.merged_into.merged_into is not ticket


def test_a_random_walk_never_breaks_a_ticket(sqlite: Database, tools: Tools, configuration: Configuration) -> None:
    walk = type("ThisWalk", (Walk,), {"world": World(sqlite, tools, configuration.departments)})
    run_state_machine_as_test(
        walk,
        settings=settings(
            deadline=None, max_examples=40, stateful_step_count=30, suppress_health_check=list(HealthCheck)
        ),
    )
