"""Every question's answer from linear heads and from the network: on rows they had not seen, and from all rows."""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from monitor.classifiers import network_training
from monitor.classifiers.fitting import FOLDS, Bools, HeadPlan, Table, fit_heads, margins
from monitor.classifiers.model_file import Floats
from monitor.classifiers.network_training import Lesson, Numbers

Progress = Callable[[str], None]

_FEW_LABELS, _MANY_LABELS = 3, 30
"""A set with so many different labels teaches the network each of them beside the questions: emotions, systems."""
_SIDE_WORTH, _DOMAIN_WORTH, _SUBJECT_WORTH = 0.5, 0.1, 0.5
FEWEST_TEXTS = 2_000
"""From fewer texts a network learns nothing that holds."""


@dataclass(frozen=True, slots=True)
class Schooling:
    """All that answers are learned from."""

    table: Table
    plans: Sequence[HeadPlan]
    lesson: Lesson | None
    """None where there are too few texts for a network."""
    characters: NDArray[np.int32]
    seed: int


@dataclass(frozen=True, slots=True)
class Answers:
    """(rows, questions) of heads that had not seen the row; the network's None where there is none."""

    linear: Floats
    network: Floats | None


def schooling_of(table: Table, texts: Sequence[str], plans: Sequence[HeadPlan], seed: int) -> Schooling:
    """Heads to fit and, with enough texts, the network's lesson: the same questions, and the sets' own labels."""
    if len(texts) < FEWEST_TEXTS:
        return Schooling(table, plans, None, np.zeros(0, np.int32), seed)
    characters = network_training.common_characters(texts)
    columns = [np.where(plan.rows, plan.wanted.astype(np.float32), np.nan) for plan in plans]
    worth = [_worth(plan.name) for plan in plans]
    side = _side_questions(table)
    answers = np.stack([*columns, *side], axis=1).astype(np.float32)
    numbers = network_training.numbers_of(texts, characters)
    lesson = Lesson(numbers, answers, table.weight, np.array([*worth, *[_SIDE_WORTH] * len(side)], np.float32))
    return Schooling(table, plans, lesson, characters, seed)


def _worth(name: str) -> float:
    question = name.partition(":")[0]
    return {"domain": _DOMAIN_WORTH, "topic": _SUBJECT_WORTH, "department": _SUBJECT_WORTH}.get(question, 1.0)


def _side_questions(table: Table) -> list[Any]:
    """For each label of a set with several the answer of each row of that set."""
    labels = np.array([each.label for each in table.examples])
    columns = []
    for name in sorted(set(table.source.tolist())):
        inside = table.source == name
        own = sorted(set(labels[inside].tolist()))
        if _FEW_LABELS < len(own) <= _MANY_LABELS:
            columns += [np.where(inside, (labels == label).astype(np.float32), np.nan) for label in own]
    return columns


# What a worker process works on: handed over once when it starts, as it is far too large to send with every task.
_HELD: list[Schooling] = []


def _hold(schooling: Schooling) -> None:
    _HELD[:] = [schooling]


def _linear_fold(number: int) -> Floats:
    with threadpool_limits(limits=1):
        table, plans = _HELD[0].table, _HELD[0].plans
        inside = table.fold == number
        return margins(table.matrix[inside], fit_heads(table, plans, ~inside, _HELD[0].seed))


def _network_fold(number: int) -> Floats:
    with threadpool_limits(limits=1):
        schooling = _HELD[0]
        inside = np.flatnonzero(schooling.table.fold == number)
        weights = _fit_network(schooling, schooling.table.fold != number)
        assert schooling.lesson is not None
        return network_training.answers_of(weights, _chosen(schooling.lesson.texts, inside))[:, : len(schooling.plans)]


def _all_linear() -> Floats:
    with threadpool_limits(limits=1):
        table = _HELD[0].table
        return fit_heads(table, _HELD[0].plans, np.ones(len(table.fold), np.bool_), _HELD[0].seed)


def _all_network() -> network_training.Weights:
    with threadpool_limits(limits=1):
        return _fit_network(_HELD[0], np.ones(len(_HELD[0].table.fold), np.bool_))


def _chosen(texts: Numbers, rows: NDArray[np.int64]) -> Numbers:
    return [texts[row] for row in rows.tolist()]


def _fit_network(schooling: Schooling, rows: Bools) -> network_training.Weights:
    lesson = schooling.lesson
    assert lesson is not None
    places = np.flatnonzero(rows)
    part = Lesson(_chosen(lesson.texts, places), lesson.answers[places], lesson.weight[places], lesson.worth)
    return network_training.fit(part, len(schooling.characters), schooling.seed)


def learn(schooling: Schooling, progress: Progress) -> tuple[Answers, Floats, network_training.Weights | None]:
    """Answers on rows not seen, then linear weights and network from all rows; folds side by side on all cores."""
    context = multiprocessing.get_context("fork" if "fork" in multiprocessing.get_all_start_methods() else None)
    with ProcessPoolExecutor(mp_context=context, initializer=_hold, initargs=(schooling,)) as pool:
        folds = range(FOLDS)
        network = [pool.submit(_network_fold, number) for number in folds] if schooling.lesson else []
        whole_network = pool.submit(_all_network) if schooling.lesson else None
        linear = [pool.submit(_linear_fold, number) for number in folds]
        whole_linear = pool.submit(_all_linear)
        seen = _gathered(schooling, _awaited(linear, progress, "词与字"))
        second = _gathered(schooling, _awaited(network, progress, "小网络")) if network else None
        return Answers(seen, second), whole_linear.result(), whole_network.result() if whole_network else None


def _awaited(folds: Sequence[Future[Floats]], progress: Progress, what: str) -> Iterator[Floats]:
    for number, fold in enumerate(folds, 1):
        yield fold.result()
        progress(f"{what}：第 {number}/{FOLDS} 折")


def _gathered(schooling: Schooling, parts: Iterable[Floats]) -> Floats:
    whole = np.zeros((len(schooling.table.fold), len(schooling.plans)), np.float32)
    for number, part in enumerate(parts):
        whole[schooling.table.fold == number] = part
    return whole
