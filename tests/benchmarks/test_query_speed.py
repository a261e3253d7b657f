"""Posts a second that a query of ten words looks through, folding included: at least 20,000 of 100 characters."""

import time

import pytest

from monitor.classifiers.tokens import fold
from monitor.domain.queries import parse_query
from tests.benchmarks.conftest import Note
from tests.benchmarks.corpus import made_up_posts

pytestmark = pytest.mark.benchmark
QUERY = '(刹车 OR 配件 OR 变速箱) NEAR/20 (异响 OR 顿挫 OR 说) (电话 OR 4S店 OR "两个月") -招聘 -转让'


def test_queries_keep_up_with_any_source(note: Note) -> None:
    posts = [raw.text for raw in made_up_posts(20_000)]
    texts = [(a + b)[:100] for a, b in zip(posts[::2], posts[1::2], strict=True)]
    query = parse_query(QUERY, fold=lambda text: fold(text).text)
    rates, found = [], 0
    for _ in range(5):
        begun = time.process_time()
        found = sum(query.matches("", text, "") for text in texts)
        rates.append(len(texts) / (time.process_time() - begun))
    assert found
    note(f"queries: {sorted(rates)[2]:,.0f} texts of 100 characters a second by a query of eleven words")
    assert sorted(rates)[2] >= 20_000
