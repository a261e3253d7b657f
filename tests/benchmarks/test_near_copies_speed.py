"""Copies looked up, and posts put in clusters, beside a million stored posts on SQLite.

MONITOR_BENCH_STORED gives another number of stored posts, for a run that is to be short.
"""

import os
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from monitor.classifiers.tokens import fold
from monitor.services.clustering import cluster_posts, find_copies, said_by
from monitor.storage.db import Database, open_database
from monitor.storage.models import Post, Source
from monitor.storage.near_copies import MOST_IN_BAND, keep, sign
from monitor.storage.schema import upgrade
from tests.benchmarks.conftest import Note

pytestmark = pytest.mark.benchmark
STORED = int(os.environ.get("MONITOR_BENCH_STORED", "1000000"))
ASKED = 10_000
BATCH = 200
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)

Texts = dict[int, str]


class _Writer:
    """Writes posts of 60 characters, in words of two characters as common and as rare as words are.

    Two of them have 0.017 of their pairs in common, and one of a thousand couples 0.065: as two complaints about cars.
    """

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        vocabulary = np.random.default_rng(3)
        letters = vocabulary.choice(np.arange(0x4E00, 0x9000), 2_500, replace=False).astype("<u4")
        self._words = letters[vocabulary.integers(0, 2_500, (20_000, 2))]
        shares = 1 / (np.arange(20_000) + 15.0) ** 1.15
        self._up_to = np.cumsum(shares / shares.sum())

    def _choose(self, *shape: int) -> NDArray[np.uint32]:
        places = np.searchsorted(self._up_to, self._random.random(shape))
        return self._words[np.minimum(places, 19_999)]

    def write(self, count: int) -> list[str]:
        """New posts."""
        return [post.tobytes().decode("utf-32-le") for post in self._choose(count, 30).reshape(count, 60)]

    def edit(self, texts: Sequence[str]) -> list[str]:
        """The posts with three words changed, and every other one passed on with a remark."""
        edited = []
        for number, (text, words) in enumerate(zip(texts, self._choose(len(texts), 3), strict=True)):
            first, second, third = (word.tobytes().decode("utf-32-le") for word in words)
            changed = f"{text[:6]}{first}{text[8:24]}{second}{text[26:42]}{third}{text[44:]}"
            edited.append(f"转发微博//@路人{number}: {changed} http://t.cn/A6abc" if number % 2 else changed)
        return edited


def _simplified(text: str) -> str:
    return fold(text).text


def _row(number: int, text: str) -> dict[str, Any]:
    return {"id": number, "source_id": 1, "external_id": str(number), "text": text, "first_seen_at": NOW,
            "content_hash": "", "fingerprint": ""}  # fmt: skip


def _fill(database: Database) -> Texts:
    """Stores posts and their places in the index, sorted, which takes a tenth of the time; gives some of the posts."""
    writer, bands, sketches = _Writer(1), [], []
    some: Texts = {}
    with database.writing.begin() as session:
        session.add(Source(id=1, name="bench", kind="api", options={}, cursor={}))
        session.flush()
        for start in range(1, STORED + 1, 5_000):
            texts = dict(enumerate(writer.write(min(5_000, STORED + 1 - start)), start))
            session.execute(insert(Post), [_row(*each) for each in texts.items()])
            signed = sign([(number, said_by("", text, _simplified)) for number, text in texts.items()])
            bands.append(np.array([each.bands for each in signed]))
            sketches.append(np.array([each.sketch for each in signed]))
            some |= {number: text for number, text in texts.items() if number % (STORED // ASKED or 1) == 0}
        _keep_sorted(session, np.concatenate(bands), np.concatenate(sketches))
    return some


def _keep_sorted(session: Session, bands: NDArray[np.int64], sketches: NDArray[np.int64]) -> None:
    order = np.argsort(bands, axis=None, kind="stable")
    sorted_bands, posts = bands.ravel()[order], order // bands.shape[1]
    begins = np.flatnonzero(np.diff(sorted_bands, prepend=sorted_bands[0] - 1))
    place_in_band = np.arange(len(order)) - np.repeat(begins, np.diff(begins, append=len(order)))
    chosen = np.flatnonzero(place_in_band < MOST_IN_BAND)
    for part in np.array_split(chosen, max(len(chosen) // 200_000, 1)):
        rows = (sorted_bands[part].tolist(), (posts[part] + 1).tolist(), sketches[posts[part]].tolist())
        keep(session, list(zip(*rows, strict=True)))


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, Texts, Path]]:
    """A database full of posts, and ten thousand of these."""
    path = tmp_path_factory.mktemp("full") / "full.db"
    database = open_database(f"sqlite:///{path}")
    upgrade(database.engine)
    texts = _fill(database)
    yield database, texts, path
    database.engine.dispose()


def test_posts_looked_up_a_second(full: tuple[Database, Texts, Path], benchmark: Any, note: Note) -> None:
    database, stored, _ = full
    originals = dict(enumerate(list(stored.items())[: ASKED // 2], STORED + 1))
    edited = dict(zip(originals, _Writer(2).edit([text for _, text in originals.values()]), strict=True))
    texts = list((edited | dict(enumerate(_Writer(5).write(ASKED // 2), STORED + 1 + ASKED))).items())
    np.random.default_rng(4).shuffle(texts)
    copies: dict[int, int] = {}

    rates: list[float] = []

    def look() -> None:
        begun = time.process_time()
        with database.reading() as session:
            for start in range(0, len(texts), BATCH):
                said = {int(number): said_by("", text, _simplified) for number, text in texts[start : start + BATCH]}
                copies.update(find_copies(session, said, _simplified)[0])
        rates.append(len(texts) / (time.process_time() - begun))

    benchmark.pedantic(look, rounds=3, iterations=1)
    found = sum(copies.get(number) == original for number, (original, _) in originals.items())
    by_clock = ASKED / benchmark.stats.stats.median
    note(f"near-copies: {median(rates):,.0f} posts/s of processor time looked up beside {STORED:,} (target 5,000),")
    note(f"  {by_clock:,.0f} by the clock; half of them are copies, of which {found / len(originals):.2%} are found")
    assert found / len(originals) > 0.97
    assert not [number for number in copies if number not in originals]


def test_posts_clustered_a_second(full: tuple[Database, Texts, Path], benchmark: Any, note: Note) -> None:
    database, _, path = full
    first = STORED * 2

    def cluster() -> float:
        spent = 0.0
        for start in range(first, first + ASKED, BATCH):
            with database.writing.begin() as session:
                texts = _Writer(start).write(BATCH)
                session.execute(insert(Post), [_row(start + place, text) for place, text in enumerate(texts)])
                posts = session.scalars(select(Post).where(Post.id >= start)).all()
                begun = time.process_time()
                cluster_posts(session, posts, _simplified)
                spent += time.process_time() - begun
        return ASKED / spent

    rate = benchmark.pedantic(cluster, rounds=1, iterations=1)
    size = path.stat().st_size / 1e6
    note(f"  {rate:,.0f} new posts/s looked up and kept beside as many; the database has {size:,.0f} MB")
