"""Real complaints and owners' reviews, imported with a column mapping, all the way to departments.

The public sets are car_complaints (consumer complaints about cars, 2024) and auto_koubei (car owners' reviews); the
folder that holds them is named by MONITOR_DATASETS.
"""

import json
import os
from pathlib import Path

import pytest
from sqlalchemy import func, select

from monitor.storage.models import Assignment, Department, Post, Ticket
from tests.installing import TestInstallation


@pytest.fixture(scope="module")
def datasets() -> Path:
    """The folder with the public sets."""
    folder = Path(os.environ.get("MONITOR_DATASETS", ""))
    if not os.environ.get("MONITOR_DATASETS") or not (folder / "car_complaints.csv.gz").exists():
        pytest.skip("MONITOR_DATASETS names no folder with car_complaints.csv.gz and auto_koubei.csv.gz")
    return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> TestInstallation:
    """An installation of its own."""
    place = TestInstallation(tmp_path_factory.mktemp("real"))
    assert place.run("db", "upgrade").returncode == 0
    return place


def test_every_complaint_becomes_a_ticket_on_exactly_one_desk(place: TestInstallation, datasets: Path) -> None:
    mapping = ("--map", "text=text", "--map", "created=date", "--map", "title=problem")
    file = datasets / "car_complaints.csv.gz"
    done = place.run("posts", "import", str(file), *mapping, "--source", "车主投诉", "--complaints", "--quiet")
    assert done.returncode == 0, done.stderr.decode()
    with place.database().reading() as session:
        posts = session.scalar(select(func.count()).select_from(Post))
        tickets = session.scalar(select(func.count()).select_from(Ticket))
        owned = session.scalar(select(func.count()).select_from(Assignment).where(Assignment.until_at.is_(None)))
        by_desk = session.execute(
            select(Department.name, func.count())
            .join(Ticket, Ticket.department_id == Department.id)
            .group_by(Department.name)
        ).all()
    assert posts == tickets == owned
    assert tickets is not None
    assert tickets >= 3400
    assert len(by_desk) >= 7
    assert max(count for _, count in by_desk) < tickets * 0.6


def test_owners_reviews_become_signals_and_few_of_the_content_ones_do(place: TestInstallation, datasets: Path) -> None:
    file = datasets / "auto_koubei.csv.gz"
    done = place.run(
        "posts", "import", str(file), "--map", "text=text", "--source", "车主口碑", "--quiet", "--format", "json"
    )
    assert done.returncode == 0, done.stderr.decode()
    counts = {row["what"]: row["count"] for row in json.loads(done.stdout)}
    assert sum(count for what, count in counts.items() if what.startswith("帖子")) >= 18_000
    assert counts["帖子 signal"] + counts["帖子 open"] > counts["帖子 ignore"]
