"""A company's own router: trained from its cases, the same bytes twice, and honest about what it cannot tell."""

import csv
import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from monitor.classifiers.model_file import CARD, WEIGHTS
from monitor.classifiers.routing_evaluation import NEVER, working_point
from monitor.classifiers.routing_model import desks, evaluate_router, load_router, load_router_card
from monitor.classifiers.routing_training import train_router
from monitor.domain.errors import ConfigError
from tests.routing_cases import CASES, write_cases


def _quiet(_message: str) -> None:
    """Progress nobody reads."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_cases(tmp_path / "cases.csv", CASES)


@pytest.fixture
def folder(file: Path, tmp_path: Path) -> Path:
    train_router(file, tmp_path / "router", progress=_quiet)
    return tmp_path / "router"


def test_the_same_file_and_seed_give_the_same_bytes(file: Path, folder: Path, tmp_path: Path) -> None:
    train_router(file, tmp_path / "again", progress=_quiet)
    for name in (WEIGHTS, CARD):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()


def test_a_case_goes_where_its_like_went_and_the_words_say_why(folder: Path) -> None:
    (suggestions,) = load_router(folder).suggest(["安装师傅迟到两个小时，空调还没装"])
    assert suggestions[0].department == "安装队"
    assert "师傅" in suggestions[0].words or "安装" in suggestions[0].words
    assert len(suggestions) == 3
    assert sum(each.confidence for each in suggestions) == pytest.approx(1, abs=0.001)


def test_segmented_and_raw_text_are_read_alike(folder: Path) -> None:
    raw, segmented = "发票抬头写错了，A3型号退款没到账", "发票 抬头 写错 了 ， A3 型号 退款 没 到账"
    one, two = load_router(folder).suggest([raw, segmented])
    assert one == two


def test_an_empty_text_gets_no_suggestion_and_nothing_raises(folder: Path) -> None:
    texts = ["", "  ", "\ud800", "🙂", "字" * 20_000]
    suggestions = load_router(folder).suggest(texts)
    assert suggestions[:2] == [(), ()]
    assert len(suggestions) == len(texts)


def test_packed_and_gb18030_files_are_read(tmp_path: Path, file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    (tmp_path / "packed.csv.gz").write_bytes(gzip.compress(text.encode()))
    (tmp_path / "office.csv").write_bytes(text.encode("gb18030"))
    for name in ("packed.csv.gz", "office.csv"):
        assert train_router(tmp_path / name, tmp_path / "out", progress=_quiet).rows == len(CASES)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", ["没有列", "空文件"]),
        ("内容,部门\n空调不制冷,维修\n", ["没有列 text、label", "内容、部门", "--text"]),
        ("text,label\n", ["没有一行"]),
        ("text,label\n" + "空调不制冷,维修\n" * 9, ["至少要有两个部门", "维修 9 条"]),
    ],
)
def test_a_file_that_cannot_teach_says_why(tmp_path: Path, content: str, words: list[str]) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        train_router(path, tmp_path / "out", progress=_quiet)
    assert all(word in str(caught.value) for word in words)


def test_a_rare_department_is_left_to_the_rules_and_named(tmp_path: Path) -> None:
    file = write_cases(tmp_path / "rare.csv", [*CASES, ("律师函已经寄出", "法务")])
    said: list[str] = []
    card = train_router(file, tmp_path / "out", progress=said.append)
    assert card.rare == {"法务": 1}
    assert "法务" not in card.departments
    assert any("法务" in line and "不足 5 条" in line for line in said)


def test_the_card_states_what_its_threshold_gives(folder: Path) -> None:
    card = load_router_card(folder)
    assert card.precision >= card.wanted_precision == 0.95
    assert 0 < card.coverage <= 1
    assert sum(sum(row.values()) for row in card.figures["confusion"].values()) == card.rows == len(CASES)


def test_the_threshold_is_the_smallest_that_keeps_the_precision() -> None:
    confidence = np.array([0.9, 0.8, 0.7, 0.6, 0.5], np.float32)
    right = np.array([True, True, False, True, False])
    point = working_point(confidence, right, 0.75)
    assert (point.dispatch_at, point.precision, point.coverage) == (0.6, 0.75, 0.8)
    assert working_point(confidence, ~right, 0.99).dispatch_at == NEVER


def test_a_router_is_measured_on_a_file_with_unknown_departments(folder: Path, tmp_path: Path) -> None:
    file = write_cases(tmp_path / "new.csv", [*CASES[:10], ("律师函已经寄出", "法务")])
    found = evaluate_router(file, folder)
    assert found.n == 11
    assert found.per_department["法务"]["recall"] == 0
    assert found.accuracy < 1


def test_a_case_may_have_several_departments(tmp_path: Path) -> None:
    both = [(f"{text}，发票也没开", f"{name}|财务") for text, name in CASES if name != "财务"]
    file = write_cases(tmp_path / "several.csv", [*CASES, *both], ("text", "department"))
    card = train_router(file, tmp_path / "out", progress=_quiet)
    assert card.several
    assert card.figures["micro_f1"] > 0.8
    assert set(card.figures["intervals"]) == {"accuracy", "micro_f1", "top3"}
    router = load_router(tmp_path / "out")
    suggestions = router.suggest(["师傅装空调把墙打坏了，发票也没开"])[0]
    assert set(router.chosen(suggestions)) == {"安装队", "财务"}
    assert evaluate_router(file, tmp_path / "out").micro_f1 > 0.9


def test_labels_with_a_division_are_measured_on_both_levels(tmp_path: Path) -> None:
    cases = [(text, f"{'家电' if name == '维修' else '门店'}/{name}") for text, name in CASES]
    card = train_router(write_cases(tmp_path / "divided.csv", cases), tmp_path / "out", progress=_quiet)
    assert card.figures["divisions"]["accuracy"] >= card.figures["accuracy"] > 0.8
    (suggestions,) = load_router(tmp_path / "out").suggest(["冰箱漏水，报修没人管"])
    assert suggestions[0].department == "维修"


def test_departments_called_alike_in_two_divisions_keep_their_division() -> None:
    assert desks(["甲/售后", "乙/售后", "乙/配件", "法务"]) == ("甲/售后", "乙/售后", "配件", "法务")


def test_a_place_in_the_text_is_a_feature_of_its_own(tmp_path: Path) -> None:
    towns = {"南方队": ("羊城", "鹏城", "榕城"), "北方队": ("冰城", "春城", "泉城")}
    means = {town: name for name, each in towns.items() for town in each}
    cases = [(f"{town}第{n}次报修没人来", means[town]) for town in ("羊城", "鹏城", "冰城", "春城") for n in range(8)]

    def places(text: str) -> list[str]:
        return [means[town] for town in means if town in text]

    file = write_cases(tmp_path / "towns.csv", cases)
    train_router(file, tmp_path / "out", places=places, progress=_quiet)
    unseen = load_router(tmp_path / "out", places).suggest(["榕城报修没人来", "泉城报修没人来"])
    assert [each[0].department for each in unseen] == ["南方队", "北方队"]


def test_altered_weights_are_refused(folder: Path) -> None:
    path = folder / WEIGHTS
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(ConfigError, match="校验和"):
        load_router(folder)


def test_the_public_set_reaches_its_mark(tmp_path: Path) -> None:
    file = Path(os.environ.get("MONITOR_DATASETS", "")) / "gov_routing.csv.gz"
    if not os.environ.get("MONITOR_DATASETS") or not file.exists():
        pytest.skip("MONITOR_DATASETS names no folder with gov_routing.csv.gz")
    card = train_router(file, tmp_path / "gov", progress=_quiet)
    assert card.figures["macro_f1"] >= 0.92
    with gzip.open(file, "rt", encoding="utf-8", newline="") as rows:
        raw = [row for row in csv.DictReader(rows) if row["raw_text"]][:50]
    first = load_router(tmp_path / "gov").suggest([row["raw_text"] for row in raw])
    assert sum(each[0].department == row["label"] for each, row in zip(first, raw, strict=True)) >= 45
