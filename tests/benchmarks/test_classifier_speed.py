"""Verdicts a second on one core, beside SnowNLP on the same posts in the same run."""

import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import pytest

from monitor.classifiers.registry import build_classifier, build_judge
from monitor.settings import config_folder
from tests.benchmarks.conftest import Note
from tests.benchmarks.corpus import made_up_posts

pytestmark = pytest.mark.benchmark
LEXICON = config_folder({}) / "lexicon"


def _rate(judge: Callable[[Sequence[str]], Any], batches: Sequence[Sequence[str]]) -> float:
    begun = time.perf_counter()
    for batch in batches:
        judge(batch)
    return sum(map(len, batches)) / (time.perf_counter() - begun)


def test_verdicts_a_second(benchmark: Any, note: Note) -> None:
    ours = build_judge("trained", LEXICON).judge
    snow = build_classifier("snownlp", LEXICON).classify
    texts = [raw.text for raw in made_up_posts(2_000)]
    ours(texts[:10])
    snow(texts[:10])
    rounds: list[tuple[float, float, float]] = []

    def round_of_all() -> None:
        batches = [texts[start : start + 200] for start in range(0, len(texts), 200)]
        rounds.append((_rate(ours, batches), _rate(ours, [[text] for text in texts]), _rate(snow, [texts[:100]])))

    benchmark.pedantic(round_of_all, rounds=5, iterations=1)
    batch, single, peer = (median(column) for column in zip(*rounds, strict=True))
    note(f"verdicts/s: {batch:,.0f} in batches, {single:,.0f} one by one; SnowNLP {peer:,.0f} ({batch / peer:.0f} x)")
