"""SnowNLP behind the same Protocol."""

import pytest

from monitor.classifiers.reading import Reader
from monitor.classifiers.snow import SnowClassifier
from monitor.domain.verdicts import Polarity, Severity


@pytest.fixture(scope="module")
def snow(reader: Reader) -> SnowClassifier:
    return SnowClassifier(reader)


def test_it_tells_praise_from_blame(snow: SnowClassifier) -> None:
    good, bad = snow.classify(["东西很好，非常喜欢，推荐", "质量太差，垃圾，差评"])
    assert (good.flagged, bad.flagged) == (False, True)
    assert bad.polarity is Polarity.NEGATIVE


def test_cues_and_severity_are_still_ours(snow: SnowClassifier) -> None:
    (verdict,) = snow.classify(["高速上突然熄火，等了三小時沒人管"])
    assert verdict.severity is Severity.CRITICAL
    assert {"waiting", "bare_fact"} <= {cue.family for cue in verdict.cues}


def test_scores_add_up_and_empty_texts_say_so(snow: SnowClassifier) -> None:
    verdict, blank = snow.classify(["一般般吧", ""])
    assert verdict.scores.negative + verdict.scores.neutral + verdict.scores.positive == pytest.approx(1, abs=1e-3)
    assert blank.reason == "空文本"


def test_broken_text_gets_a_verdict(snow: SnowClassifier) -> None:
    assert len(snow.classify(["\ud800坏", "a" * 100_000, "😡"])) == 3


def test_the_version_names_backend_and_lexicon(snow: SnowClassifier, reader: Reader) -> None:
    assert snow.version == f"snownlp+{reader.version}"
