"""The shipped model on our own sentences, in both scripts, and on whatever text may come."""

import shutil
from collections.abc import Callable
from pathlib import Path

import opencc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.classifiers.model_file import CARD, WEIGHTS, load_model
from monitor.classifiers.reading import Reader
from monitor.classifiers.suggesting import TrainedSuggester
from monitor.classifiers.trained import SHIPPED, TrainedClassifier, TrainedModel
from monitor.domain.errors import ConfigError
from monitor.domain.verdicts import Expression, Polarity, Verdict
from tests.classifiers.verdict_cases import CONTENT, DISSATISFIED, EXPLICIT, IMPLICIT

Judge = Callable[[str], Verdict]


@pytest.fixture
def judge(model: TrainedModel) -> Judge:
    classifier = TrainedClassifier(model)
    return lambda text: classifier.classify([text])[0]


def test_it_is_right_on_most_of_our_own_posts(model: TrainedModel) -> None:
    verdicts = TrainedClassifier(model).classify([*DISSATISFIED, *CONTENT])
    wanted = [True] * len(DISSATISFIED) + [False] * len(CONTENT)
    wrong = [
        (text, verdict.dissatisfied)
        for text, verdict, want in zip([*DISSATISFIED, *CONTENT], verdicts, wanted, strict=True)
        if verdict.flagged is not want
    ]
    assert len(wrong) <= 0.15 * len(wanted), wrong


@pytest.mark.parametrize("text", EXPLICIT)
def test_what_is_said_outright_is_explicit(judge: Judge, text: str) -> None:
    verdict = judge(text)
    assert verdict.expression is Expression.EXPLICIT
    assert any(cue.family == "explicit" for cue in verdict.cues)


@pytest.mark.parametrize("text", IMPLICIT)
def test_what_is_only_shown_is_implicit(judge: Judge, text: str) -> None:
    assert judge(text).expression is Expression.IMPLICIT


def test_praise_is_hardly_ever_read_as_negative(model: TrainedModel) -> None:
    # The model still misreads praise for how a problem was handled; it may misread no more than one of these.
    verdicts = TrainedClassifier(model).classify(CONTENT[:12])
    wrong = [text for text, each in zip(CONTENT, verdicts, strict=False) if each.polarity is Polarity.NEGATIVE]
    assert len(wrong) <= 1, wrong


def test_a_flagged_post_always_shows_why_or_has_no_words(judge: Judge) -> None:
    assert all(judge(text).cues for text in IMPLICIT)


@pytest.mark.parametrize("script", ["s2t", "s2tw", "s2hk"])
def test_traditional_characters_give_the_same_verdict(model: TrainedModel, script: str) -> None:
    convert = opencc.OpenCC(script).convert
    classifier = TrainedClassifier(model)
    for text in [*DISSATISFIED, *CONTENT]:
        ours, theirs = classifier.classify([text, convert(text)])
        assert (ours.scores, ours.flagged, ours.topics) == (theirs.scores, theirs.flagged, theirs.topics)
        assert [cue.start for cue in ours.cues] == [cue.start for cue in theirs.cues]


@pytest.mark.parametrize("names", [("别克", "丰田"), ("大众", "比亚迪"), ("特斯拉", "五菱"), ("小鹏", "宝马")])
@pytest.mark.parametrize(
    "post", ["{}的空调不制冷，修了两次没修好", "{}外观漂亮，开着很舒服", "请问{}保养一次多少钱", "{}提车三天就漏油"]
)
def test_the_name_of_a_maker_decides_nothing(model: TrainedModel, names: tuple[str, str], post: str) -> None:
    first, second = TrainedClassifier(model).classify([post.format(name) for name in names])
    assert first.polarity is second.polarity
    assert first.flagged is second.flagged


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "空文本"),
        (" \u3000\n", "空文本"),
        ("\u200b\x00", "空文本"),
        ("https://example.org/a?b=1", "只有链接"),
        ("13579 2468", "只有数字"),
        ("😡😡", "只有符号"),
        ("。。。！", "只有符号"),
    ],
)
def test_a_text_with_nothing_to_judge_says_so(judge: Judge, text: str, reason: str) -> None:
    verdict = judge(text)
    assert (verdict.reason, verdict.flagged, verdict.polarity) == (reason, False, Polarity.NEUTRAL)


def test_a_batch_and_single_posts_give_the_same_verdicts(model: TrainedModel) -> None:
    classifier = TrainedClassifier(model)
    texts = [*DISSATISFIED[:8], "", *CONTENT[:8], "1"]
    assert classifier.classify(texts) == [classifier.classify([text])[0] for text in texts]
    assert classifier.classify([]) == []


def test_the_complaint_in_a_long_friendly_post_counts(judge: Judge) -> None:
    friendly = "外观大气漂亮，朋友们都说好看。内饰做工也不错，座椅坐着舒服。" * 5
    assert judge(friendly + "发动机异响修了三次还没修好，打电话也没人理。").dissatisfied > judge(friendly).dissatisfied


@pytest.mark.parametrize(
    "text", ["坏了" * 500_000, "这车。" * 300_000, "a" * 1_000_000, "\ud800" * 1000, "垃 圾 " * 9000]
)
def test_very_long_and_broken_texts_get_a_verdict(judge: Judge, text: str) -> None:
    verdict = judge(text)
    assert 0 <= verdict.dissatisfied <= 1
    assert all(text[cue.start : cue.end] == cue.text for cue in verdict.cues)


ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()), max_size=120) | st.text(
    alphabet="车修坏了等又没好的差\u200b 　，。！？🚗ＡＢ着著後來刹煞\ud83d\x00\u202e1", max_size=200
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=ANY_TEXT)
def test_no_text_raises(model: TrainedModel, text: str) -> None:
    (judgement,) = model.judge([text])
    verdict = judgement.verdict
    total = verdict.scores.negative + verdict.scores.neutral + verdict.scores.positive
    assert total == pytest.approx(1, abs=1e-3)
    assert verdict.expression is Expression.NONE or verdict.flagged
    assert all(text[cue.start : cue.end] == cue.text for cue in verdict.cues)


def test_departments_come_likeliest_first_with_words(model: TrainedModel) -> None:
    suggester = TrainedSuggester(model)
    engine, blank = suggester.suggest(["发动机怠速抖动，变速箱换挡顿挫", ""])
    assert blank == ()
    assert engine[0].department == "质量技术"
    assert engine[0].words
    assert [each.confidence for each in engine] == sorted((each.confidence for each in engine), reverse=True)
    assert suggester.suggest(["配件一直缺货，等了两个月没有件"])[0][0].department == "配件物流"


def test_topics_are_several_with_their_chances(judge: Judge) -> None:
    topics = judge("油耗太高，后排空间也小，车机还老死机")
    assert {"油耗与续航", "空间", "智能座舱与车机"} <= {topic.name for topic in topics.topics}
    assert topics.main_topic


@pytest.mark.parametrize(
    "text",
    [
        "变速箱低速顿挫，4S店检测后说正常，要求厂家给个说法",
        "刹车偶发失灵，4S店说正常，我要投诉",
        "发动机异响，修了三次还没修好",
    ],
)
def test_nobody_is_neutral_about_what_he_complains_of(judge: Judge, text: str) -> None:
    topics = judge(text).topics
    assert topics
    assert Polarity.NEUTRAL not in {topic.polarity for topic in topics}


def test_a_topic_can_please_while_another_does_not(judge: Judge) -> None:
    pleased = judge("空间很大，一家人坐着宽敞，外观也漂亮")
    assert {topic.name: topic.polarity for topic in pleased.topics}["空间"] is Polarity.POSITIVE
    assert judge("空间太小，后排腿都伸不直").topics[0].polarity is Polarity.NEGATIVE


def test_keywords_tell_the_topic_where_the_model_tells_none(judge: Judge) -> None:
    verdict = judge("其他都好，就是等了三个月配件还没到，算了，下次换一家")
    assert verdict.main_topic == "配件"


def test_an_advertisement_is_spam_and_not_flagged(judge: Judge) -> None:
    verdict = judge("限时特惠，全场五折，欢迎到店咨询，加微信领红包")
    assert verdict.spam > 0.7
    assert not verdict.flagged


def test_weights_that_are_not_those_of_the_card_are_refused(tmp_path: Path) -> None:
    for name in (CARD, WEIGHTS):
        shutil.copy(SHIPPED / name, tmp_path / name)
    data = bytearray((SHIPPED / WEIGHTS).read_bytes())
    data[-1] ^= 1
    (tmp_path / WEIGHTS).chmod(0o644)
    (tmp_path / WEIGHTS).write_bytes(data)
    with pytest.raises(ConfigError, match="校验和"):
        load_model(tmp_path)


def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"card\.json"):
        load_model(tmp_path)


def test_the_version_names_model_and_lexicon(model: TrainedModel, reader: Reader) -> None:
    assert model.version == f"{model.card.version}+{reader.version}"


def test_the_shipped_model_is_small_and_not_taught_by_research_sets(model: TrainedModel) -> None:
    assert sum(each.stat().st_size for each in SHIPPED.iterdir()) < 30_000_000
    assert model.card.research_only == ()
