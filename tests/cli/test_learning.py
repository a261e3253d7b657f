"""Models trained with what people said: compared, refused when worse, adopted, taken back."""

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import timedelta
from itertools import count, islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.classifiers import registry
from monitor.classifiers.datasets import rows_of
from monitor.classifiers.model_file import ARRAYS, WEIGHTS, Card, load_card, read_weights, save_model
from monitor.classifiers.trained import SHIPPED
from monitor.domain.learning import CorrectionOrigin, Stratum, is_frozen
from monitor.domain.verdicts import Polarity
from monitor.services.setup import built_in_source
from monitor.storage.models import AuditEntry, Correction, Post, SpotCheck
from tests.cli.conftest import Command
from tests.conftest import NOW
from tests.installing import TestInstallation

NEGATIVE = Polarity.NEGATIVE
UNHAPPY, HAPPY = "空调第{}次坏了，找了售后没人管，太失望了，要投诉", "提车{}天，省油又安静，非常满意，推荐大家买"
WITHHELD: dict[str, Any] = {}
"""What the trainer of the tests was given."""


def _model(output: Path, sign: float) -> Card:
    """The shipped model with its last step turned round or not, under a version of its own."""
    shipped = load_card(SHIPPED)
    arrays = dict(read_weights(SHIPPED, shipped.sha256, ARRAYS))
    arrays["blend"] = sign * arrays["blend"]
    arrays["rarity"] = arrays["rarity"] + np.float16(0.001)
    parts = tuple(
        each.name for each in fields(Card) if each.name not in {"version", "sha256", "format", "sets", "limits"}
    )
    return save_model(output, arrays, {name: getattr(shipped, name) for name in parts})


def train_as_well(data: Path, output: Path, *, extra: Path, **more: Any) -> Card:
    """A trainer whose models judge as the shipped one does."""
    WITHHELD.update(more, data=data, sets={path.name: rows_of(path) for path in extra.iterdir()})
    return _model(output, 1.0)


def train_badly(data: Path, output: Path, *, extra: Path, **more: Any) -> Card:
    """A trainer whose models judge the other way round."""
    del data, extra, more
    return _model(output, -1.0)


Trainer = Callable[[str], None]


@pytest.fixture
def trainer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Trainer:
    """Names the trainer that the registry finds."""
    (tmp_path / "sets").mkdir()
    monkeypatch.setenv("MONITOR_DATASETS", str(tmp_path / "sets"))
    return lambda name: monkeypatch.setattr(registry, "_TRAINER", f"tests.cli.test_learning:{name}")


def _post(session: Session, number: int, text: str, polarity: Polarity) -> Post:
    post = Post(
        id=number,
        source=built_in_source(session, "api"),
        external_id=f"post-{number}",
        text=text,
        first_seen_at=NOW,
        content_hash=f"{number}",
        fingerprint=f"{number}",
    )
    said = Correction(made_at=NOW, version="", origin=CorrectionOrigin.SPOT_CHECK, polarity=polarity)
    post.corrections.append(said)
    session.add(post)
    return post


def _numbers(*, frozen: bool) -> Iterator[int]:
    return (number for number in count(1) if is_frozen(number) is frozen)


def _fill(place: TestInstallation, checked: int) -> None:
    """One post that teaches, and so many that were checked in the audit set, half of them dissatisfied."""
    database = place.database()
    with database.writing.begin() as session:
        _post(session, next(_numbers(frozen=False)), "电话 13800138000，算了，凑合开吧", NEGATIVE)
        for place_, number in enumerate(islice(_numbers(frozen=True), checked)):
            text, polarity = ((UNHAPPY, NEGATIVE), (HAPPY, Polarity.POSITIVE))[place_ % 2]
            post = _post(session, number, text.format(place_), polarity)
            session.add(
                SpotCheck(
                    post=post,
                    drawn_at=NOW,
                    checked_at=NOW + timedelta(hours=1),
                    stratum=Stratum.UNFLAGGED,
                    weight=1.0,
                    frozen=True,
                )
            )
    database.engine.dispose()


def _audited(place: TestInstallation) -> list[str]:
    database = place.database()
    with database.reading() as session:
        found = list(session.scalars(select(AuditEntry.action).where(AuditEntry.subject == "classifier")))
    database.engine.dispose()
    return found


def _states(command: Command) -> dict[str, tuple[str, str]]:
    rows = json.loads(command("classifier", "candidates", "--format", "json").out)
    return {row["version"]: (row["state"], row["result"]) for row in rows}


def test_a_candidate_is_trained_compared_adopted_and_taken_back(
    place: TestInstallation, ready: Command, trainer: Trainer
) -> None:
    trainer("train_as_well")
    _fill(place, 60)
    answer = ready("classifier", "train", "--with-corrections", "--only", "a, b", "--format", "json")
    assert answer.status == 0, answer.err
    figures = {row["measure"]: row for row in json.loads(answer.out)}
    assert figures["flag_accuracy"]["n"] == 60
    assert figures["flag_accuracy"]["difference"] == 0
    assert figures["flag_accuracy"]["present"] > 0.9, "or the test's own posts are badly chosen"
    assert WITHHELD["only"] == ["a", "b"]
    (lesson,) = WITHHELD["sets"]["own_corrections.csv"]
    assert lesson["text"] == "电话 〔联系方式〕，算了，凑合开吧", "neither contact data nor the audit set"
    assert lesson["label"] == "negative"

    (version,) = _states(ready)
    assert _states(ready)[version] == ("", "不比当时现用的差")
    adopted = ready("classifier", "adopt", version)
    assert adopted.status == 0, adopted.err
    assert "monitor classifier rescore" in adopted.err
    assert _states(ready)[version][0] == "现用"
    assert json.loads(ready("classifier", "info", "--json").out)["version"] == version
    assert f"版本：{version}+" in ready("classifier", "explain", "算了").out

    assert "自带模型" in ready("classifier", "rollback").err
    assert json.loads(ready("classifier", "info", "--json").out)["version"] == load_card(SHIPPED).version
    assert _audited(place) == ["model_adopted", "model_rolled_back"]
    assert ready("classifier", "rollback").status == 2


def test_a_worse_candidate_is_refused_with_the_table_and_kept(
    place: TestInstallation, ready: Command, trainer: Trainer
) -> None:
    trainer("train_badly")
    _fill(place, 60)
    answer = ready("classifier", "train", "--with-corrections")
    assert answer.status == 1
    assert "更差" in answer.err
    assert "不满与否判对" in answer.out
    ((version, (state, result)),) = _states(ready).items()
    assert not state
    assert "更差" in result
    assert _audited(place) == []
    forced = ready("classifier", "adopt", version, "--force")
    assert forced.status == 0
    assert _states(ready)[version][0] == "现用"


def test_a_small_audit_set_lets_nothing_pass_but_by_force(
    place: TestInstallation, ready: Command, trainer: Trainer
) -> None:
    trainer("train_as_well")
    _fill(place, 20)
    answer = ready("classifier", "train", "--with-corrections")
    assert answer.status == 1
    assert "只有 20 条" in answer.err
    assert "auto_implicit" in answer.out, "the cross-validated figures of the open sets stand in"
    (version,) = _states(ready)
    assert ready("classifier", "adopt", version).status == 1
    assert ready("classifier", "adopt", version, "--force").status == 0


def test_without_corrections_there_is_nothing_to_train_with(ready: Command, trainer: Trainer) -> None:
    trainer("train_as_well")
    answer = ready("classifier", "train", "--with-corrections")
    assert answer.status == 1
    assert "还没有可学的更正" in answer.err


@pytest.mark.parametrize("arguments", [(), ("--with-corrections", "--output", "somewhere")])
def test_where_the_model_goes_is_said_once(ready: Command, trainer: Trainer, arguments: tuple[str, ...]) -> None:
    trainer("train_as_well")
    answer = ready("classifier", "train", *arguments)
    assert answer.status == 2
    assert "--output" in answer.err


def test_the_setting_wins_over_an_adopted_model(
    place: TestInstallation, ready: Command, trainer: Trainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer("train_as_well")
    own = _model(tmp_path / "own", 1.0)
    assert ready("classifier", "adopt", tmp_path / "own", "--force").status == 0
    assert json.loads(ready("classifier", "info", "--json").out)["version"] == own.version
    monkeypatch.setenv("MONITOR_MODEL", str(SHIPPED))
    assert json.loads(ready("classifier", "info", "--json").out)["version"] == load_card(SHIPPED).version
    assert "优先" in ready("classifier", "adopt", tmp_path / "own", "--force").err


def test_a_broken_model_in_force_stops_with_the_way_out(ready: Command, tmp_path: Path) -> None:
    _model(tmp_path / "own", 1.0)
    ready("classifier", "adopt", tmp_path / "own", "--force")
    (tmp_path / "own" / WEIGHTS).write_bytes(b"broken")
    answer = ready("classifier", "explain", "算了")
    assert answer.status == 2
    assert "monitor classifier rollback" in answer.err
    assert ready("classifier", "rollback").status == 0
    assert ready("classifier", "explain", "算了").status == 0


def test_departments_are_exported_for_the_router(place: TestInstallation, ready: Command, tmp_path: Path) -> None:
    cases = [("等了很久没人接待", "售后服务"), ("发动机异响", "质量技术")] * 6
    database = place.database()
    with database.writing.begin() as session:
        for number, (text, name) in zip(_numbers(frozen=False), cases, strict=False):
            _post(session, number, f"{text}，第{number}次", NEGATIVE).corrections[0].department = name
    database.engine.dispose()
    file = tmp_path / "cases.csv"
    assert "12 条" in ready("posts", "export-departments", file).err
    assert {(row["text"].split("，")[0], row["department"]) for row in rows_of(file)} == set(cases)
    trained = ready("routing", "train", file, "--label", "department", "--output", tmp_path / "router")
    assert trained.status == 0, trained.err


def test_corrections_are_exported_as_a_set(place: TestInstallation, ready: Command, tmp_path: Path) -> None:
    _fill(place, 3)
    database = place.database()
    with database.writing.begin() as session:
        _post(session, next(islice(_numbers(frozen=False), 1, None)), "=1+1，太差", NEGATIVE)
    database.engine.dispose()
    file = tmp_path / "out" / "own.csv"
    assert "2 条" in ready("posts", "export-corrections", file).err
    with file.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert list(rows[0]) == ["text", "label", "expression", "topics", "department"]
    assert [row["text"] for row in rows] == ["电话 〔联系方式〕，算了，凑合开吧", "'=1+1，太差"]
