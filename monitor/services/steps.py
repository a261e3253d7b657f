"""One action on one ticket, about to take effect, with everything its guard and its effect may need."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy.orm import Session

from monitor.domain.errors import Invalid
from monitor.domain.text import clean_text
from monitor.domain.tickets import Action
from monitor.services.audit import Doer
from monitor.services.tools import Tools
from monitor.storage.models import Ticket

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """Who does what to which ticket, when, and with which fields filled in."""

    session: Session
    ticket: Ticket
    action: Action
    by: Doer
    fields: Fields
    tools: Tools
    now: datetime

    def text(self, name: str) -> str:
        """A field as tidy text, "" when it was not given."""
        return clean_text(str(self.fields.get(name) or ""))

    def yes(self, name: str) -> bool:
        """Whether a field that asks yes or no was answered with yes."""
        return self.text(name) in ("yes", "True", "1")

    def day(self, name: str) -> datetime:
        """A field that names a day, as its last working moment. Raises `Invalid` when it is not a date."""
        try:
            given = date.fromisoformat(self.text(name))
        except ValueError as error:
            raise Invalid("日期写得不对，应像 2026-11-30。", fields={name: "应像 2026-11-30"}) from error
        return datetime.combine(given, time(18), self.tools.zone)


FIELD_NAMES = {
    "contacted": "是否联系上",
    "department": "主办部门",
    "evidence": "客户撤诉的原话",
    "outcome": "处理结论",
    "question": "要问客户的问题",
    "reached": "怎样告知了客户",
    "reason": "原因",
    "remedy": "补救方式",
    "review_on": "复核日期",
    "root_cause": "根本原因",
    "severity": "严重程度",
    "summary": "摘要",
    "target": "并入的工单号",
    "text": "给客户的答复",
    "told": "已告知客户",
    "topic": "话题",
}
"""What the fields of actions are called on pages and in messages."""
