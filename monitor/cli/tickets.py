"""Tickets on the command line."""

import csv
from collections.abc import Iterator
from typing import Any, TextIO

import click
from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from monitor.cli.opening import existing
from monitor.cli.output import defused, emit, format_option
from monitor.domain.tickets import OPEN_STATES, Status
from monitor.domain.wording import label
from monitor.storage.models import Department, Ticket

_COLUMNS = {
    "number": "工单号",
    "status_name": "状态",
    "severity_name": "严重程度",
    "department": "主办部门",
    "topic": "话题",
    "summary": "摘要",
    "created_at": "建立",
}
_EXPORTED = (
    "number", "status", "status_name", "severity", "severity_name", "topic", "summary", "department", "created_at",
    "accepted_at", "first_contact_at", "responded_at", "closed_at", "next_action_at", "outcome", "remedy", "root_cause",
)  # fmt: skip


@click.group()
def tickets() -> None:
    """工单。"""


@tickets.command("list")
@click.option("--status", type=click.Choice([status.value for status in Status]), help="只看这个状态；不写则看全部未结")
@click.option("--department", default="", help="只看这个部门")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="最多几张")
@format_option
def list_tickets(status: str | None, department: str, limit: int, form: str) -> None:
    """列出工单，最急的在前。"""
    query = _query(status, department).order_by(Ticket.next_action_at, Ticket.id).limit(limit)
    with existing().database.reading() as session:
        emit(list(_rows(session, query)), _COLUMNS, form)


def _query(status: str | None, department: str) -> Select[Ticket]:
    query = select(Ticket).options(joinedload(Ticket.department))
    query = query.where(Ticket.status == Status(status) if status else Ticket.status.in_(OPEN_STATES))
    return query.where(Ticket.department.has(Department.name == department)) if department else query


def _rows(session: Session, query: Select[Ticket]) -> Iterator[dict[str, Any]]:
    for ticket in session.scalars(query.execution_options(yield_per=500)):
        yield _row(ticket)


def _row(ticket: Ticket) -> dict[str, Any]:
    return {
        "number": ticket.number,
        "status": ticket.status.value,
        "status_name": label(ticket.status),
        "severity": ticket.severity.value,
        "severity_name": label(ticket.severity),
        "topic": ticket.topic,
        "summary": ticket.summary,
        "department": ticket.department.name,
        "created_at": ticket.created_at,
        "accepted_at": ticket.accepted_at,
        "first_contact_at": ticket.first_contact_at,
        "responded_at": ticket.responded_at,
        "closed_at": ticket.closed_at,
        "next_action_at": ticket.next_action_at,
        "outcome": ticket.outcome,
        "remedy": ticket.remedy,
        "root_cause": ticket.root_cause,
    }


@tickets.command()
@click.option("--output", type=click.File("w", encoding="utf-8-sig"), default="-", help="文件；不写则输出到屏幕")
def export(output: TextIO) -> None:
    """导出全部工单为 CSV；像公式的单元格已加引号，表格软件不会执行。"""
    writer = csv.writer(output)
    writer.writerow(_EXPORTED)
    count = 0
    query = select(Ticket).options(joinedload(Ticket.department)).order_by(Ticket.id)
    with existing().database.reading() as session:
        for row in _rows(session, query):
            writer.writerow([defused(_cell(row[name])) for name in _EXPORTED])
            count += 1
    click.echo(f"导出了 {count} 张工单。", err=True)


def _cell(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
