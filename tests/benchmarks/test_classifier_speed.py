"""Verdicts a second on one core, beside SnowNLP and jieba with scikit-learn, on the same posts in the same run."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import jieba
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from monitor.classifiers.registry import build_classifier, build_judge
from monitor.settings import config_folder
from tests.benchmarks.conftest import Note
from tests.benchmarks.corpus import made_up_posts

pytestmark = pytest.mark.benchmark
LEXICON = config_folder({}) / "lexicon"
BATCH = 200
ONE_CORE = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
LONG = "后排坐着舒服，油耗也低。发动机异响，修了三次还没修好。" * 750


def _rate(judge: Callable[[Sequence[str]], Any], batches: Sequence[Sequence[str]]) -> float:
    """Texts a second of processor time: one thread judges, and what else the machine does is not counted."""
    begun = time.process_time()
    for batch in batches:
        judge(batch)
    return sum(map(len, batches)) / (time.process_time() - begun)


def _plain_model() -> Callable[[Sequence[str]], Any]:
    """What most people would write: TF-IDF over jieba's words, logistic regression, trained on made-up posts."""
    posts = [raw.text for raw in made_up_posts(3_000, seed=11)]
    labels = [any(word in text for word in ("算了", "投诉", "呵呵", "坑人", "说法")) for text in posts]
    model = make_pipeline(TfidfVectorizer(tokenizer=jieba.lcut, token_pattern=None), LogisticRegression())
    model.fit(posts, labels)
    predict: Callable[[Sequence[str]], Any] = model.predict_proba
    return predict


def measure_speed() -> dict[str, float]:
    """Posts a second of ours, SnowNLP and the plain model; seconds to load; seconds for one very long post."""
    begun = time.process_time()
    judge = build_judge("trained", LEXICON).judge
    loaded = time.process_time() - begun
    snow, plain = build_classifier("snownlp", LEXICON).classify, _plain_model()
    texts = [raw.text for raw in made_up_posts(2_000)]
    batches = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
    for warm in (judge, snow, plain):
        warm(texts[:10])
    rounds: dict[str, list[float]] = {}
    for _ in range(5):
        seen = {
            "batch": _rate(judge, batches),
            "single": _rate(judge, [[text] for text in texts[:1000]]),
            "plain_batch": _rate(plain, batches),
            "plain_single": _rate(plain, [[text] for text in texts[:200]]),
            "snow": _rate(snow, [texts[:30]]),
            "long": 1 / _rate(judge, [[LONG[:20_000]]]),
        }
        for name, value in seen.items():
            rounds.setdefault(name, []).append(value)
    return {"load": loaded, **{name: median(values) for name, values in rounds.items()}}


def measure_memory() -> dict[str, float]:
    """The peak of resident memory, in MB, of a process that loads the model and judges 20,000 posts."""
    judge = build_judge("trained", LEXICON).judge
    texts = [raw.text for raw in made_up_posts(20_000)]
    for start in range(0, len(texts), BATCH):
        judge(texts[start : start + BATCH])
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return {"peak": int(line.split()[1]) / 1024}


def _in_own_process(what: str) -> dict[str, float]:
    """Runs a measurement alone and on one core, so that nothing else of the suite counts."""
    command = [sys.executable, "-m", "tests.benchmarks.test_classifier_speed", what]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **ONE_CORE})
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def test_verdicts_a_second_on_one_core(benchmark: Any, note: Note) -> None:
    seen = benchmark.pedantic(_in_own_process, args=("speed",), rounds=1, iterations=1)
    note(
        f"verdicts/s, 62 characters, one core: {seen['batch']:,.0f} in batches (target 5,000),"
        f" {seen['single']:,.0f} one by one (target 3,000)"
    )
    note(
        f"  SnowNLP {seen['snow']:,.0f} ({seen['batch'] / seen['snow']:.0f} x); jieba + scikit-learn"
        f" {seen['plain_batch']:,.0f} in batches ({seen['batch'] / seen['plain_batch']:.1f} x),"
        f" {seen['plain_single']:,.0f} one by one ({seen['single'] / seen['plain_single']:.1f} x)"
    )
    note(
        f"  lexicon and model loaded in {seen['load']:.2f} s (target < 1 s);"
        f" a post of 20,000 characters in {seen['long'] * 1000:.0f} ms (target < 50 ms)"
    )


def test_memory_of_twenty_thousand_verdicts(benchmark: Any, note: Note) -> None:
    peak = benchmark.pedantic(_in_own_process, args=("memory",), rounds=1, iterations=1)["peak"]
    note(f"  peak memory after 20,000 verdicts {peak:.0f} MB (target <= 400 MB)")
    assert peak <= 400


if __name__ == "__main__":
    measure = {"speed": measure_speed, "memory": measure_memory}[sys.argv[1]]
    print(json.dumps(measure()))  # noqa: T201 - the figures are this program's answer
