"""Fixed people, so that every test speaks of the same ones."""

from dataclasses import dataclass
from datetime import datetime

from argon2 import PasswordHasher
from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.domain.people import Role
from monitor.storage.models import Department, Member

PASSWORD = "correct horse battery"
# The cheapest setting that the real hasher still verifies: tests sign in hundreds of times.
_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


@dataclass(frozen=True)
class Cast:
    """alice 坐席; bob 主办人 and carol 部门负责人 of 质量技术; sam 主办人 of 售后服务; erin 班长; dave 管理员."""

    alice: Member
    bob: Member
    carol: Member
    sam: Member
    erin: Member
    dave: Member


def assemble(session: Session, now: datetime) -> Cast:
    """Writes the cast."""
    departments = {d.name: d for d in session.scalars(select(Department))}

    def member(login: str, name: str, role: Role, department: str = "") -> Member:
        row = Member(
            login=login,
            name=name,
            role=role,
            email=f"{login}@example.com",
            department=departments[department] if department else None,
            password_hash=_HASH,
            password_is_temporary=False,
            created_at=now,
        )
        session.add(row)
        return row

    cast = Cast(
        alice=member("alice", "王小满", Role.AGENT),
        bob=member("bob", "陈工", Role.HANDLER, "质量技术"),
        carol=member("carol", "林部长", Role.HEAD, "质量技术"),
        sam=member("sam", "赵师傅", Role.HANDLER, "售后服务"),
        erin=member("erin", "周班长", Role.SUPERVISOR),
        dave=member("dave", "管理员", Role.ADMINISTRATOR),
    )
    session.flush()
    return cast
