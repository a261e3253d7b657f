"""The life of a ticket, against a table that was written by hand from the rules and not from the code."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from monitor.domain.errors import InvalidAction
from monitor.domain.people import Role
from monitor.domain.tickets import (
    ACTION_NAMES,
    OPEN_STATES,
    STATUS_NAMES,
    TRANSITIONS,
    Action,
    Actor,
    CallbackAttempt,
    Person,
    Status,
    Transition,
    actions_open_to,
    enough_callbacks,
    may_approve,
    needs_second_person,
    next_status,
    refusal_for_safety,
    transition_for,
)
from monitor.domain.verdicts import Severity

CARE = "agent supervisor administrator"
CHIEF = "supervisor administrator"
DESK = "handler head"
OPEN = "received accepted in_progress waiting_customer on_hold responded callback_due"

# action: from which states, to which (or "same"), by whom
BY_HAND = {
    "accept": ("received", "accepted", f"{CARE} system"),
    "void": ("received", "voided", CARE),
    "merge": ("received accepted in_progress", "merged", CARE),
    "unmerge": ("merged", "same", CHIEF),
    "take_on": ("accepted", "in_progress", DESK),
    "return": ("accepted", "received", "head"),
    "ask_customer": ("in_progress", "waiting_customer", DESK),
    "customer_replied": ("waiting_customer", "in_progress", f"{DESK} customer system"),
    "hold": ("in_progress", "on_hold", DESK),
    "resume": ("on_hold", "in_progress", DESK),
    "respond": ("in_progress", "responded", DESK),
    "respond_unanswered": ("waiting_customer", "responded", "system"),
    "turn_to_callback": ("responded", "callback_due", "system customer"),
    "record_callback": ("callback_due", "same", CARE),
    "close": ("callback_due", "closed", CARE),
    "redo": ("responded callback_due", "in_progress", f"{CARE} customer"),
    "reopen": ("closed", "in_progress", f"{CHIEF} customer"),
    "withdraw": (OPEN, "closed", f"{CARE} customer"),
    "reassign": (OPEN, "same", CHIEF),
}
# action: who must agree, and who of those who ask may do without
SECOND_PERSON = {
    "void": (CHIEF, ""),
    "return": (CHIEF, ""),
    "hold": (f"head {CHIEF}", "head"),
}


def test_every_action_stands_in_the_table_written_by_hand() -> None:
    assert set(BY_HAND) == {action.value for action in Action}
    assert len(TRANSITIONS) == len(Action)


@pytest.mark.parametrize("action", list(Action))
def test_only_the_listed_people_in_the_listed_states_may_act(action: Action) -> None:
    states, target, actors = BY_HAND[action.value]
    for status, actor in product(Status, Actor):
        if status.value in states.split() and actor.value in actors.split():
            reached = next_status(status, action, Person(actor)).target
            assert (reached.value if reached else "same") == target, (status, actor)
        else:
            with pytest.raises(InvalidAction):
                next_status(status, action, Person(actor))


@pytest.mark.parametrize("action", list(Action))
def test_a_refusal_names_state_and_action(action: Action) -> None:
    for status in set(Status) - {Status(name) for name in BY_HAND[action.value][0].split()}:
        with pytest.raises(InvalidAction) as refused:
            transition_for(status, action)
        assert STATUS_NAMES[status] in str(refused.value)
        assert ACTION_NAMES[action] in str(refused.value)


@pytest.mark.parametrize("action", list(Action))
def test_department_people_act_for_their_own_department_only(action: Action) -> None:
    states, _, actors = BY_HAND[action.value]
    for status, actor in product(states.split(), {"handler", "head"} & set(actors.split())):
        with pytest.raises(InvalidAction, match="不由您的部门主办"):
            next_status(Status(status), action, Person(Actor(actor), own_department=False))


def test_other_people_act_whatever_department_they_belong_to() -> None:
    row = next_status(Status.RECEIVED, Action.ACCEPT, Person(Actor.AGENT, own_department=False))
    assert row.target is Status.ACCEPTED


@pytest.mark.parametrize("action", [Action.CLOSE, Action.RECORD_CALLBACK])
def test_who_handled_the_case_neither_calls_back_nor_closes(action: Action) -> None:
    with pytest.raises(InvalidAction, match="经办人以外"):
        next_status(Status.CALLBACK_DUE, action, Person(Actor.AGENT, is_handler=True))


@pytest.mark.parametrize("row", TRANSITIONS, ids=lambda row: row.action.value)
def test_a_second_person_is_wanted_where_the_rules_say(row: Transition) -> None:
    approvers, alone = SECOND_PERSON.get(row.action.value, ("", ""))
    for actor in row.actors:
        wanted = bool(approvers) and actor.value not in alone.split()
        assert needs_second_person(row, Person(actor)) is wanted, actor
    for actor, own, same in product(Actor, (True, False), (True, False)):
        right = actor.value in approvers.split() and not same and (own or actor is not Actor.HEAD)
        assert may_approve(row, Person(actor, own_department=own), asked_by_same=same) is right


@pytest.mark.parametrize(("severity", "refused"), [(Severity.CRITICAL, True), (Severity.RAISED, False)])
def test_a_safety_case_has_no_easy_way_out(severity: Severity, refused: bool) -> None:
    for action in Action:
        expected = refused and action in (Action.VOID, Action.WITHDRAW, Action.MERGE)
        assert bool(refusal_for_safety(action, severity)) is expected


def test_what_is_offered_is_exactly_what_would_be_allowed() -> None:
    for status, actor, own, handled, severity in product(Status, Actor, (True, False), (True, False), Severity):
        person = Person(actor, own_department=own, is_handler=handled)
        allowed = []
        for action in Action:
            try:
                next_status(status, action, person)
            except InvalidAction:
                continue
            if not refusal_for_safety(action, severity):
                allowed.append(action)
        assert set(actions_open_to(status, person, severity)) == set(allowed)


def test_members_never_find_an_ended_case_asking_for_work() -> None:
    for role, status in product(Role, set(Status) - OPEN_STATES):
        actions = set(actions_open_to(status, Person(Actor(role.value)), Severity.NORMAL))
        assert actions <= {Action.REOPEN, Action.UNMERGE}


NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def _tries(*hours: float, contacted: bool = False) -> list[CallbackAttempt]:
    return [CallbackAttempt(NOON + timedelta(hours=at), contacted) for at in hours]


def test_one_try_that_reached_the_customer_is_enough() -> None:
    assert enough_callbacks([*_tries(0), *_tries(1, contacted=True)])


def test_three_tries_on_two_days_in_two_bands_are_enough() -> None:
    assert enough_callbacks(_tries(0, 1, 24 + 7))


@pytest.mark.parametrize(
    "hours",
    [(), (0,), (0, 31), (0, 1, 2), (0, 1, 24), (0, 24, 48), (0, 7, 8)],
    ids=["none", "one", "two", "same day and band", "same band", "three days one band", "one day two bands"],
)
def test_fewer_or_more_alike_tries_are_not_enough(hours: tuple[float, ...]) -> None:
    assert not enough_callbacks(_tries(*hours))


@pytest.mark.parametrize(("early", "late"), [(11, 12), (17, 18)])
def test_bands_change_at_noon_and_at_six(early: int, late: int) -> None:
    first, other = NOON.replace(hour=early), NOON.replace(hour=late)
    days = [first, first + timedelta(days=1), other]
    assert enough_callbacks([CallbackAttempt(at, False) for at in days])
