"""Folding keeps the way back to the text as given; both cutters cut alike."""

import pytest

from monitor.classifiers.tokens import add_words, cut, cut_reference, fold

SENTENCES = [
    "这车跟我没缘分，认栽了。",
    "小姑娘态度挺好，就是等了三个小时才轮到我",
    "发动机在高速上突然熄火，方向盘也变得很沉",
    "说好的当天提车，拖到月底还没动静",
    "app升级以后导航老是闪退2次",
    "隔壁店半天就能修好，这里要等一个星期",
    "宝宝坐后排一直晃，隔音要是再好一点就完美了",
]


@pytest.mark.parametrize("sentence", SENTENCES)
def test_both_cutters_cut_alike(sentence: str) -> None:
    assert cut(fold(sentence).text) == cut_reference(fold(sentence).text)


def test_a_taught_word_stays_whole_in_both_cutters() -> None:
    add_words(["弦外智驾舱"])
    assert "弦外智驾舱" in cut("新款弦外智驾舱好用吗")
    assert "弦外智驾舱" in cut_reference("新款弦外智驾舱好用吗")


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("這車跟我沒緣分", "这车跟我没缘分"),
        ("ＡＢＣ１２３，！", "abc123,!"),
        ("垃 圾 服 务", "垃圾服务"),
        ("看著後視鏡，著名的", "看着后视镜,著名的"),
        ("售\u200b后\ufeff", "售后"),
        ("㎞", "km"),
        ("hello world", "hello world"),
        ("坏\ud800了", "坏 了".replace(" ", "")),
        ("", ""),
    ],
)
def test_text_is_folded(given: str, read: str) -> None:
    assert fold(given).text == read


@pytest.mark.parametrize(
    ("given", "word", "original"),
    [
        ("唉，等了三小時", "等了三小时", "等了三小時"),
        ("真的 垃 圾，不去了", "垃圾", "垃 圾"),
        ("ＡＰＰ　閃退", "闪退", "閃退"),
        ("跑了20㎞就壞", "km", "㎞"),
        ("没\u200b人\u200b管", "没人管", "没\u200b人\u200b管"),
        ("😡😡又坏了", "又坏了", "又坏了"),
    ],
)
def test_a_span_leads_back_to_the_text_as_given(given: str, word: str, original: str) -> None:
    folded = fold(given)
    place = folded.text.index(word)
    start, end = folded.span(place, place + len(word))
    assert given[start:end] == original
