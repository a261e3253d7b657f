"""A trained model on disk: hashed weights in one safetensors file, and a card that says what they are."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from monitor.domain.errors import ConfigError

WEIGHTS = "model.safetensors"
CARD = "card.json"
FORMAT = 2

RESEARCH_LICENCE = "research only"

Floats = NDArray[np.float32]

ARRAYS = (
    *("buckets", "rarity", "dense", "counts", "columns", "weights", "scale", "bias"),
    *("blend", "subjects", "stances", "expressions"),
)


@dataclass(frozen=True, slots=True)
class Card:
    """What a model was made from, how well it did on rows it had not seen, and what it cannot do."""

    version: str
    sha256: str
    format: int
    bits: int
    seed: int
    threshold: float
    explicit_from: float
    """From this score of the explicit head a flagged text counts as said outright."""
    families: tuple[str, ...]
    heads: tuple[str, ...]
    """The questions the heads answer, in the order of their columns."""
    network: tuple[str, ...]
    """The questions the network answers; empty where there is none."""
    context: tuple[str, ...]
    """The questions that the rest of the thread answers; empty where no set had threads."""
    topics: tuple[str, ...]
    departments: tuple[str, ...]
    sets: tuple[Mapping[str, Any], ...] = ()
    scores: tuple[Mapping[str, Any], ...] = ()
    limits: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def research_only(self) -> tuple[str, ...]:
        """Sets it learned from whose terms allow measuring only."""
        return tuple(str(each["name"]) for each in self.sets if each.get("licence") == RESEARCH_LICENCE)


def save_model(folder: Path, arrays: Mapping[str, NDArray[Any]], card: Mapping[str, Any]) -> Card:
    """Writes weights and card; the version is the beginning of the weights' checksum."""
    digest = write_weights(folder, arrays)
    whole = Card(**{**card, "version": digest[:10], "sha256": digest, "format": FORMAT})
    write_card(folder, asdict(whole))
    return whole


def write_weights(folder: Path, arrays: Mapping[str, NDArray[Any]]) -> str:
    """Writes the arrays, the same bytes for the same arrays; gives their SHA-256."""
    data = save({name: np.ascontiguousarray(array) for name, array in sorted(arrays.items())})
    folder.mkdir(parents=True, exist_ok=True)
    (folder / WEIGHTS).write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def write_card(folder: Path, card: Mapping[str, Any]) -> None:
    """Writes what the weights are."""
    (folder / CARD).write_text(json.dumps(card, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def load_card(folder: Path) -> Card:
    """The card of a model folder."""
    path = folder / CARD
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
        card = Card(**{**values, **lists})
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(f"{path}: 应是 monitor classifier train 写出的模型卡，读不了：{error}") from error
    if card.format != FORMAT:
        raise ConfigError(f"{path}: 模型格式应是 {FORMAT}，实为 {card.format}，请重新训练")
    return card


def research_sets_of(folder: Path) -> tuple[str, ...]:
    """The sets for research only that a model learned from; none for a folder without a card, such as an ONNX model."""
    return load_card(folder).research_only if (folder / CARD).is_file() else ()


def refuse_research_only(folder: Path) -> None:
    """Raises `ConfigError` for a model that learned from sets for research only: it may measure, never work."""
    names = research_sets_of(folder)
    if names:
        raise ConfigError(
            f"{folder}: 这个模型用了只许研究的数据集 {'、'.join(names)}，只能评测，不能在产品里用；"
            f"请用 monitor classifier train --without {','.join(names)} 重新训练"
        )


def load_model(folder: Path) -> tuple[Card, dict[str, NDArray[Any]]]:
    """Card and arrays; weights that are not those of the card are refused."""
    card = load_card(folder)
    return card, read_weights(folder, card.sha256, ARRAYS)


def read_weights(folder: Path, sha256: str, names: Iterable[str]) -> dict[str, NDArray[Any]]:
    """The arrays of a folder. Raises `ConfigError` when they do not have this checksum, or one of `names` lacks."""
    path = folder / WEIGHTS
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: 缺少模型权重：{error}") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ConfigError(f"{path}: 校验和应是 {sha256[:16]}…，权重文件与模型卡不符")
    try:
        arrays: dict[str, NDArray[Any]] = load(data)
    except SafetensorError as error:
        raise ConfigError(f"{path}: 应是 safetensors 文件：{error}") from error
    missing = [name for name in names if name not in arrays]
    if missing:
        raise ConfigError(f"{path}: 缺少数组 {'、'.join(missing)}")
    return arrays
