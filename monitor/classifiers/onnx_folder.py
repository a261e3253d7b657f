"""A folder with a transformer exported to ONNX: model.onnx, vocab.txt, config.json, each looked at before use."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.domain.errors import ConfigError
from monitor.domain.verdicts import Polarity

MODEL, VOCABULARY, CONFIG = "model.onnx", "vocab.txt", "config.json"

_NAMES = {
    "negative": Polarity.NEGATIVE,
    "neg": Polarity.NEGATIVE,
    "负面": Polarity.NEGATIVE,
    "消极": Polarity.NEGATIVE,
    "neutral": Polarity.NEUTRAL,
    "中性": Polarity.NEUTRAL,
    "positive": Polarity.POSITIVE,
    "pos": Polarity.POSITIVE,
    "正面": Polarity.POSITIVE,
    "积极": Polarity.POSITIVE,
}
_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
_LONGEST, _SHORTEST = 512, 16


@dataclass(frozen=True, slots=True)
class OnnxFolder:
    """What the files of a folder say; `model` is the graph itself."""

    path: Path
    model: bytes
    digest: str
    vocabulary: Mapping[str, int]
    labels: tuple[Polarity, ...]
    max_length: int
    lower: bool = True


def _bytes(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: 缺少{what}；文件夹里应有 {MODEL}、{VOCABULARY} 和 {CONFIG}") from error


def _config(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(_bytes(path, "模型的说明").decode("utf-8"))
    except ValueError as error:
        raise ConfigError(f"{path}: 应是 UTF-8 的 JSON：{error}") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: 应是一个 JSON 对象")
    return values


def _labels(path: Path, values: Mapping[str, Any]) -> tuple[Polarity, ...]:
    named = values.get("id2label")
    if not isinstance(named, dict) or sorted(named) != sorted(map(str, range(len(named)))):
        raise ConfigError(f'{path}: id2label 应写明每个输出是什么，如 {{"0": "negative", "1": "positive"}}')
    told = [str(named[str(place)]).strip().lower() for place in range(len(named))]
    labels = tuple(_NAMES[name] for name in told if name in _NAMES)
    if len(labels) != len(told) or len(set(labels)) != len(labels) or not _has_both_sides(labels):
        raise ConfigError(
            f"{path}: id2label 里的 {'、'.join(told)} 看不出倾向，请改成 negative、positive，可以再加 neutral"
        )
    return labels


def _has_both_sides(labels: Sequence[Polarity]) -> bool:
    return {Polarity.NEGATIVE, Polarity.POSITIVE} <= set(labels)


def _max_length(path: Path, values: Mapping[str, Any]) -> int:
    length = values.get("max_length", values.get("max_position_embeddings", _LONGEST))
    if isinstance(length, bool) or not isinstance(length, int) or length < _SHORTEST:
        raise ConfigError(f"{path}: max_length 应是不小于 {_SHORTEST} 的整数，实为 {length!r}")
    return min(length, _LONGEST)


def _vocabulary(path: Path) -> dict[str, int]:
    try:
        words = _bytes(path, "词表").decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: 应是 UTF-8 编码，一行一个词") from error
    vocabulary = {word.strip(): place for place, word in enumerate(words)}
    missing = [word for word in _SPECIAL if word not in vocabulary]
    if missing:
        raise ConfigError(f"{path}: 缺少 {'、'.join(missing)}，应是 BERT 的 vocab.txt")
    return vocabulary


def read_folder(path: Path) -> OnnxFolder:
    """The model of a folder. Raises `ConfigError` that names the file, what is wrong and how to mend it."""
    values = _config(path / CONFIG)
    model = _bytes(path / MODEL, "模型")
    digest = hashlib.sha256(model).hexdigest()
    wanted = values.get("sha256", digest)
    if wanted != digest:
        raise ConfigError(
            f"{path / MODEL}: 校验和应是 {str(wanted)[:16]}…，实为 {digest[:16]}…，"
            f"请重新复制，或更新 {CONFIG} 的 sha256"
        )
    return OnnxFolder(
        path=path,
        model=model,
        digest=digest,
        vocabulary=_vocabulary(path / VOCABULARY),
        labels=_labels(path / CONFIG, values),
        max_length=_max_length(path / CONFIG, values),
        lower=values.get("do_lower_case", True) is not False,
    )
