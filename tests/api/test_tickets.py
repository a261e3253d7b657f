"""Reading tickets and departments."""

from datetime import datetime, timedelta

import pytest

from monitor.services.submitting import Complaint, submit_complaint
from monitor.services.tools import Tools
from monitor.storage.db import Database
from monitor.storage.models import Ticket
from tests.api.conftest import Machine
from tests.factories import make_ticket


@pytest.fixture
def numbers(sqlite: Database, tools: Tools, now: datetime) -> list[str]:
    """Five tickets, an hour apart."""
    with sqlite.writing.begin() as session:
        return [
            make_ticket(session, tools, now + timedelta(hours=n), f"投诉：{text}").number
            for n, text in enumerate(("等了三个月", "刹车失灵", "乱收手续费", "车机黑屏", "没人回电"))
        ]


def _numbers(answer: dict[str, list[dict[str, str]]] | None) -> list[str]:
    assert answer is not None
    return [ticket["number"] for ticket in answer["tickets"]]


def test_tickets_come_page_after_page_each_once(reader: Machine, numbers: list[str]) -> None:
    found: list[str] = []
    after: int | None = 0
    while after is not None:
        page = reader.get("/tickets", limit=2, after=after).json
        assert page is not None
        found += _numbers(page)
        after = page["next_after"]
    assert found == numbers


def test_a_ticket_says_who_is_responsible_and_why(reader: Machine, numbers: list[str]) -> None:
    ticket = reader.get(f"/tickets/{numbers[2]}").json
    assert ticket is not None
    assert (ticket["department"], ticket["decided_by"], ticket["rule"]) == ("财务与金融", "rule", "费用与金融")
    assert (ticket["status"], ticket["severity"], ticket["confidence"]) == ("accepted", "normal", 1.0)
    assert ticket["posts"][0]["text"] == "投诉：乱收手续费"
    assert ticket["next_action_at"] is not None


def _tell(sqlite: Database, number: str, **details: object) -> None:
    """Puts the rest of a verdict in the place of what was heard in the first post of a ticket."""
    with sqlite.writing.begin() as session:
        post = session.query(Ticket).filter_by(number=number).one().posts[0]
        post.assessments[-1].details = details


def test_a_post_comes_with_its_verdict_stances_and_worst_sentence(
    reader: Machine, numbers: list[str], sqlite: Database
) -> None:
    cue = {"family": "waiting", "start": 3, "end": 8, "text": "等了三个月", "reason": "久候：一直没等到"}
    topics = [{"name": "配件", "score": 0.9, "polarity": "negative"}]
    _tell(sqlite, numbers[0], cues=[cue], topics=topics, worst=[3, 8])
    answer = reader.get(f"/tickets/{numbers[0]}").json
    assert answer is not None
    verdict = answer["posts"][0]["verdict"]
    assert (verdict["polarity"], verdict["expression"], verdict["flagged"]) == ("negative", "explicit", True)
    assert (verdict["cues"], verdict["worst"], verdict["version"]) == ([cue], [3, 8], "fixed-1")
    assert verdict["topics"] == [{"topic": "配件", "score": 0.9, "polarity": "negative"}]


def test_a_verdict_of_an_early_version_says_what_it_did_not_know(
    reader: Machine, numbers: list[str], sqlite: Database
) -> None:
    _tell(sqlite, numbers[0], cues=[], topics=[{"name": "配件", "score": 0.9}])
    answer = reader.get(f"/tickets/{numbers[0]}").json
    assert answer is not None
    verdict = answer["posts"][0]["verdict"]
    assert verdict["topics"] == [{"topic": "配件", "score": 0.9, "polarity": None}]
    assert verdict["worst"] is None


def test_tickets_can_be_narrowed(reader: Machine, numbers: list[str], now: datetime) -> None:
    assert _numbers(reader.get("/tickets", severity="critical").json) == [numbers[1]]
    assert _numbers(reader.get("/tickets", department="数字产品").json) == [numbers[3]]
    assert _numbers(reader.get("/tickets", status="received").json) == [numbers[0]]
    since = (now + timedelta(hours=3)).isoformat()
    assert _numbers(reader.get("/tickets", updated_since=since).json) == numbers[3:]
    assert _numbers(reader.get("/tickets", department="没有这个部门").json) == []


def test_the_questions_asked_do_not_grow_with_the_page(
    reader: Machine, numbers: list[str], sqlite: Database, count_queries: list[str]
) -> None:
    reader.get("/tickets", limit=1)
    few = len(count_queries)
    count_queries.clear()
    reader.get("/tickets", limit=200)
    assert len(count_queries) == few <= 3


def test_nobodys_contact_data_is_in_it(reader: Machine, sqlite: Database, tools: Tools, now: datetime) -> None:
    complaint = Complaint("投诉：等了三个月", name="李想要", phone="13912345678", email="li@customer.example")
    with sqlite.writing.begin() as session:
        number = submit_complaint(session, complaint, tools, now).number
    told = reader.get("/tickets").text + reader.get(f"/tickets/{number}").text
    for secret in ("李想要", "13912345678", "li@customer", "code_hash", "pseudonym"):
        assert secret not in told


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 201}, {"after": -1}, {"after": 10**30}, {"status": "open"}])
def test_a_wrong_filter_is_refused_by_name(reader: Machine, query: dict[str, object]) -> None:
    answer = reader.get("/tickets", **query)
    assert answer.status_code == 422
    assert answer.json is not None
    assert set(answer.json["fields"]) == set(query)


def test_an_unknown_ticket_is_not_found_in_json(reader: Machine) -> None:
    answer = reader.get("/tickets/TS-20261122-AAAAAA-1")
    assert answer.status_code == 404
    assert answer.json == {"code": "not_found", "message": "没有这张工单。"}


def test_departments_are_listed_with_one_fallback(reader: Machine) -> None:
    answer = reader.get("/departments").json
    assert answer is not None
    assert [d["name"] for d in answer["departments"] if d["fallback"]] == ["客服中心"]
    assert len(answer["departments"]) == 9
