"""`monitor classify`: one verdict a line, in order, whatever the lines are."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Command

KEYS = {
    "id", "polarity", "scores", "dissatisfied", "flagged", "expression", "cues", "topics", "severity", "department",
    "decided_by", "confidence", "version",
}  # fmt: skip


@pytest.fixture
def classify(command: Command, tmp_path: Path) -> Any:
    """Verdicts of these bytes, and the remarks."""

    def run(given: bytes) -> tuple[list[dict[str, Any]], str]:
        path = tmp_path / "given.txt"
        path.write_bytes(given)
        answer = command("classify", path)
        assert answer.status == 0, answer.err
        return [json.loads(line) for line in answer.out.splitlines()], answer.err

    return run


def test_json_lines_are_answered_in_order_with_their_ids(classify: Any) -> None:
    given = [{"id": f"p{n}", "text": text} for n, text in enumerate(["真不错", "配件等了俩月，算了", "几点开门？"])]
    verdicts, _ = classify("\n".join(json.dumps(row, ensure_ascii=False) for row in given).encode())
    assert [verdict["id"] for verdict in verdicts] == ["p0", "p1", "p2"]
    assert all(verdict.keys() >= KEYS for verdict in verdicts)


def test_offsets_point_into_the_text_as_given(classify: Any) -> None:
    text = "　業務說兩週，結果等了兩個月😮‍💨，算了，隨它去吧。"
    verdicts, _ = classify(text.encode())
    assert verdicts[0]["cues"]
    for cue in verdicts[0]["cues"]:
        assert text[cue["start"] : cue["end"]] == cue["text"]


def test_probabilities_add_up_and_enums_are_known(classify: Any) -> None:
    verdicts, _ = classify("等了俩月还没到\n谢谢师傅\n".encode())
    for verdict in verdicts:
        assert sum(verdict["scores"].values()) == pytest.approx(1, abs=0.001)
        assert 0 <= verdict["dissatisfied"] <= 1
        assert verdict["polarity"] in ("negative", "neutral", "positive")
        assert verdict["expression"] in ("explicit", "implicit", "none")
        assert verdict["severity"] in ("normal", "raised", "critical")
        assert verdict["decided_by"] in ("rule", "model", "fallback")


def test_every_line_has_its_answer_however_broken(classify: Any) -> None:
    given = b'\n{"text": 5}\n{"id": "z"\n\xff\xfe\xb5\xda\n[1,2]\n{"text": ""}\n\xf0\x9f\x98\x80\n'
    verdicts, remarks = classify(given)
    assert len(verdicts) == 7
    assert verdicts[0]["reason"]
    assert "第 2 行" in remarks
    assert "第 3 行" in remarks


def test_nothing_in_gives_nothing_out(classify: Any) -> None:
    assert classify(b"") == ([], "")


def test_snownlp_can_be_chosen(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "given.txt"
    path.write_text("服务太差了，再也不来", encoding="utf-8")
    verdict = json.loads(command("classify", "--backend", "snownlp", path).out)
    assert "snow" in verdict["version"]
