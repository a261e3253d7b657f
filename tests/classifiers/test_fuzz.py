"""Whatever is posted: never an exception, always a verdict that can be stored, spans in the text as given."""

import json
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.classifiers.trained import Judgement, TrainedModel
from monitor.domain.verdicts import Expression

pytestmark = pytest.mark.fuzz

_WORDS = (
    "车 修 坏了 等了三天 又 没好 的 差 不错 客服 大众 王经理 垃.圾 l j 辣鸡 修了三次 算了 呵呵 投诉 刹车失灵 自燃 "
    "//@甲: > 引用： 回复@乙： [quote] [/quote] 「 」 《 》 “ ” 发表于 2024-05-06 -----原始邮件----- RT@x: 5000元 "
    "後來 著 發動機 冇人理 唔該 app V2.3 Model Y 12315 https://a.cn/b?c=1 www."
)
_MARKS = (
    " \n\t\r\u3000\u200b\u200d\ufeff\u2028\x00\x1f\x85\u202e\u200f\u2066,，。.!！?？;；…~～*·/_|-（）()"
    "😡🤷🏽\u200d♂️👨\u200d👩\u200d👧🇨🇳㎞①½ﷺ﷽ﬁ"
)
_BROKEN = "\ud800\udbff\udc00\udfff\ud83d"
_SCRIPTS = "مرحبا שלום привет ไทย 한국어 ひらがな カタカナ é́̂ 𠮷𝕏 ＡＢ１２ ΩµßİſK"

pieces = st.one_of(
    st.sampled_from(_WORDS.split()),
    st.sampled_from(_MARKS),
    st.sampled_from(_BROKEN),
    st.sampled_from(_SCRIPTS),
    st.text(alphabet=st.characters(exclude_categories=()), max_size=6),
    st.text(alphabet=st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), max_size=8),
)
posts = st.lists(pieces, max_size=30).map("".join)
repeated = st.tuples(posts, st.integers(1, 400)).map(lambda each: (each[0] * each[1])[:5_000])
giants = st.tuples(st.lists(pieces, min_size=1, max_size=12).map("".join), st.sampled_from([20_000, 1_000_000])).map(
    lambda each: (each[0] * (each[1] // max(1, len(each[0])) + 1))[: each[1]]
)
_BATCH = 10
_quietly: Any = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None}


def _check(text: str, judgement: Judgement) -> None:
    verdict = judgement.verdict
    total = verdict.scores.negative + verdict.scores.neutral + verdict.scores.positive
    assert total == pytest.approx(1, abs=1e-3)
    assert 0 <= verdict.dissatisfied <= 1
    assert verdict.expression is Expression.NONE or verdict.flagged
    assert all(0 <= cue.start < cue.end and text[cue.start : cue.end] == cue.text for cue in verdict.cues)
    if verdict.worst is not None:
        start, end = verdict.worst
        assert 0 <= start < end <= len(text)
    assert json.loads(json.dumps([asdict(judgement.verdict), *map(asdict, judgement.suggestions)]))


@settings(max_examples=2_000, **_quietly)
@given(texts=st.lists(posts, min_size=_BATCH, max_size=_BATCH))
def test_twenty_thousand_posts_get_a_verdict(model: TrainedModel, texts: list[str]) -> None:
    for text, judgement in zip(texts, model.judge(texts), strict=True):
        _check(text, judgement)


@settings(max_examples=1_500, **_quietly)
@given(text=repeated)
def test_repeated_posts_get_a_verdict(model: TrainedModel, text: str) -> None:
    _check(text, model.judge([text])[0])


@settings(max_examples=300, **_quietly)
@given(text=posts, context=posts)
def test_a_context_breaks_nothing(model: TrainedModel, text: str, context: str) -> None:
    _check(text, model.judge([text], [context])[0])


@settings(max_examples=20, **_quietly)
@given(text=giants)
def test_a_post_of_a_megabyte_gets_a_verdict(model: TrainedModel, text: str) -> None:
    _check(text, model.judge([text])[0])


@settings(max_examples=300, **_quietly)
@given(text=posts)
def test_judging_alone_and_in_a_batch_agree(model: TrainedModel, text: str) -> None:
    alone = model.judge([text])[0]
    assert model.judge(["后排坐着舒服", text, ""])[1].verdict.flagged == alone.verdict.flagged
