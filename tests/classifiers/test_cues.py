"""Each family hears what it should and nothing that only looks like it."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import opencc
import pytest

from monitor.classifiers.lexicon import FILES, load_lexicon
from monitor.classifiers.reading import Reader
from monitor.classifiers.tokens import fold
from monitor.domain.errors import ConfigError
from monitor.domain.verdicts import Cue, Intent
from tests.classifiers.cue_examples import HEARD, NOT_HEARD

ENOUGH = 25
TO_TRADITIONAL = opencc.OpenCC("s2t")
TO_SIMPLIFIED = opencc.OpenCC("t2s")
TO_TAIWAN = opencc.OpenCC("s2tw")
FULL_WIDTH = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})


def _pairs(examples: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    return [(family, text) for family, texts in examples.items() for text in texts]


def _spaced(text: str) -> str:
    return re.sub(r"(?<=[\u4e00-\u9fff])(?=[\u4e00-\u9fff])", " ", text)


VARIANTS: dict[str, Callable[[str], str]] = {
    "as written": str,
    "traditional": TO_TRADITIONAL.convert,
    "traditional of Taiwan": TO_TAIWAN.convert,
    "full width": lambda text: text.translate(FULL_WIDTH),
    "after a face": lambda text: f"😤👎🏻{text}",
    "after a joiner": lambda text: f"\u200d\ufeff{text}",
    "spaced": _spaced,
}


def _heard(reader: Reader, family: str, text: str) -> list[Cue]:
    return [cue for cue in reader.read(text).cues if cue.family == family]


@pytest.mark.parametrize(("family", "text"), _pairs(HEARD))
def test_a_family_hears_and_marks_the_place(reader: Reader, family: str, text: str) -> None:
    said = [fold(cue.text).text for cue in _heard(reader, family, text)]
    assert said, f"{family} 没听出：{text}"
    for name, change in VARIANTS.items():
        written = change(text)
        cues = _heard(reader, family, written)
        assert [fold(cue.text).text for cue in cues] == said, f"{name}: {written}"
        assert all(written[cue.start : cue.end] == cue.text and cue.reason for cue in cues), f"{name}: {written}"


@pytest.mark.parametrize(("family", "text"), _pairs(NOT_HEARD))
def test_a_family_is_not_fooled(reader: Reader, family: str, text: str) -> None:
    for name, change in VARIANTS.items():
        assert [cue.text for cue in _heard(reader, family, change(text))] == [], name


def test_every_family_has_enough_examples(reader: Reader) -> None:
    assert set(reader.families) == set(HEARD) == set(NOT_HEARD)
    for family in reader.families:
        heard, fooling = HEARD[family], NOT_HEARD[family]
        assert min(len(heard), len(fooling)) >= ENOUGH, family
        assert len({*heard, *fooling}) == len(heard) + len(fooling), f"{family} 有重复的例句"
        for texts in (heard, fooling):
            assert any(fold(text).text != text.lower() and TO_TRADITIONAL.convert(text) == text for text in texts), (
                family
            )


@pytest.mark.parametrize("text", ["他说“再也不来了”，我劝住了", "歌名《算了》", "朋友问：“这也叫保养？”"])
def test_words_of_others_are_not_cues(reader: Reader, text: str) -> None:
    assert reader.read(text).cues == ()


@pytest.mark.parametrize(
    ("text", "hinted"),
    [
        ("要是分量再多一点就更好了", True),
        ("很好吃，老板也热情，要是分量再多一点就更好了", False),
        ("不好吃，要是分量再多一点就更好了", True),
    ],
)
def test_a_wish_of_the_contented_is_a_suggestion_and_no_cue(reader: Reader, text: str, hinted: bool) -> None:
    assert bool(_heard(reader, "wish", text)) is hinted
    assert reader.read(text).intent is Intent.SUGGESTION


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("朋友说这车没缘分，我开着挺好", False),
        ("朋友说不错，可我跟这车没缘分", True),
        ("网上说会不会老是死机", False),
        ("慎入这两个字太重了", True),
        ("“慎入”这两个字太重了", False),
    ],
)
def test_only_the_writers_own_words_count(reader: Reader, text: str, heard: bool) -> None:
    assert bool(reader.read(text).cues) is heard


def _copy(source: Path, target: Path, file: str, old: str, new: str) -> Path:
    for name in FILES:
        text = (source / name).read_text(encoding="utf-8")
        (target / name).write_text(text.replace(old, new, 1) if name == file else text, encoding="utf-8")
    return target


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("cues.toml", "negatable = false", "negateable = false", "negateable"),
        ("cues.toml", "negatable = false", "negatable = 3", "true 或 false"),
        ("cues.toml", "outweighed_by = 1", "outweighed_by = -1", "正整数"),
        ("cues.toml", '"认栽"', '"(?:认.{0,9})*栽"', "不许用"),
        ("cues.toml", '"认栽"', '"(认栽"', "不是正确的正则"),
        ("cues.toml", '"认栽"', '"(?:认栽)?"', "匹配空文字"),
        ("severity.toml", 'level = "critical"', 'level = "huge"', "critical"),
        ("severity.toml", 'with = "群体"', 'with = "没有"', "没有名为"),
        ("spam.toml", "weight = 0.5", "weight = 5", "0 到 1"),
        ("words.toml", "insult = [", "insults = [", "insults"),
        ("topics.toml", "words = [", "words = 1\nother = [", "other"),
    ],
)
def test_a_wrong_lexicon_is_told_with_file_and_key(
    lexicon_folder: Path, tmp_path: Path, file: str, old: str, new: str, told: str
) -> None:
    with pytest.raises(ConfigError, match=file) as caught:
        load_lexicon(_copy(lexicon_folder, tmp_path, file, old, new))
    assert told in str(caught.value)


def test_a_missing_list_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cues\.toml"):
        load_lexicon(tmp_path)
