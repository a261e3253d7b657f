"""Names of makers, dealers and persons decide nothing, and words that only look like names are left alone."""

import pytest

from monitor.classifiers.reading import Reader
from monitor.classifiers.rewriting import PERSON, THING
from monitor.classifiers.trained import TrainedClassifier, TrainedModel
from tests.classifiers.name_sentences import SENTENCES


def test_there_are_two_hundred_sentences_and_ten_names_for_each() -> None:
    assert len({sentence for sentence, _ in SENTENCES}) >= 200
    assert all(len(set(names)) >= 10 for _, names in SENTENCES)


def test_another_name_gives_the_same_verdict(model: TrainedModel) -> None:
    classifier = TrainedClassifier(model)
    differing = []
    for sentence, names in SENTENCES:
        verdicts = classifier.classify([sentence.format(name=name) for name in names])
        if len({(verdict.polarity, verdict.flagged, verdict.expression) for verdict in verdicts}) > 1:
            differing.append((sentence, [verdict.dissatisfied for verdict in verdicts]))
    assert differing == []


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("一汽-大众 迈腾异响", f"{THING}异响"),
        ("哈弗H6漏油", f"{THING}漏油"),
        ("理想 L9 车机黑屏", f"{THING} 车机黑屏"),
        ("BYD的车机", f"{THING}的车机"),
        ("在鸿翔4S店修的", f"在{THING}4s店修的"),
        ("找王建国师傅", f"找{PERSON}师傅"),
        ("销售小王不接电话", f"销售{PERSON}不接电话"),
    ],
)
def test_a_name_is_read_as_a_mark(reader: Reader, given: str, read: str) -> None:
    assert reader.prepare(given).text == read


@pytest.mark.parametrize(
    "text",
    [
        "质量不太理想",
        "内饰很现代",
        "大众点评上看到的",
        "受大众喜欢",
        "工作人员在忙",
        "退钱找经理",
        "去这家4s店问问",
        "隔壁4s店便宜",
        "小孩说小程序打不开",
        "老板说于是经理来了",
        "吃了苹果和小米粥",
        "奔驰在路上",
    ],
)
def test_what_only_looks_like_a_name_is_left_alone(reader: Reader, text: str) -> None:
    assert reader.prepare(text).text == text


def test_a_cue_beside_a_name_keeps_its_place(reader: Reader) -> None:
    text = "Model Y 提车第三天，儀表黑屏"
    assert all(text[cue.start : cue.end] == cue.text for cue in reader.read(text).cues)
    (place,) = [cue.start for cue in reader.read(text).cues if cue.family == "bare_fact"][:1]
    assert text[place] in "提第儀黑"
