"""The classifiers by name; each is imported when it is first wanted."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from monitor.classifiers.lexicon import load_lexicon
from monitor.classifiers.model_file import Card
from monitor.classifiers.reading import Reader
from monitor.classifiers.routing_model import RouterCard
from monitor.classifiers.wording import LearnedWording
from monitor.domain.errors import ConfigError
from monitor.domain.verdicts import Classifier, Judge, Suggester, TwoPassJudge

BACKENDS = {
    "trained": "monitor.classifiers.trained:TrainedClassifier",
    "snownlp": "monitor.classifiers.snow:SnowClassifier",
    "onnx": "monitor.classifiers.onnx_model:OnnxClassifier",
}
_ONNX_FILE = "model.onnx"
_TRAINER = "monitor.classifiers.training:train"
_ROUTER_TRAINER = "monitor.classifiers.routing_training:train_router"
_WORDING_TRAINER = "monitor.classifiers.wording_training:learn_wording"
_SUGGESTER = "monitor.classifiers.suggesting:TrainedSuggester"


def _load(place: str) -> type:
    module, name = place.split(":")
    found: type = getattr(import_module(module), name)
    return found


def build_classifier(name: str, lexicon: Path, model: Path | None = None) -> Classifier:
    """The classifier of this name with a lexicon folder; `model` is a folder, None the shipped one."""
    if name not in BACKENDS:
        raise ConfigError(f"没有名为 {name} 的分类器，应是 {'、'.join(BACKENDS)} 之一")
    backend: Any = _load_with_extra(BACKENDS[name], "onnx", f"分类器 {name}")
    built: Classifier = backend.build(Reader(load_lexicon(lexicon)), model)
    return built


def backend_of(folder: Path | None) -> str:
    """The name of the classifier that a model folder is for."""
    return "onnx" if folder is not None and (folder / _ONNX_FILE).exists() else "trained"


def build_suggester(lexicon: Path, model: Path | None = None) -> Suggester:
    """The learned router with a lexicon folder; `model` is a folder, None the shipped one."""
    return _load(_SUGGESTER).build(Reader(load_lexicon(lexicon)), model)  # type: ignore[attr-defined,no-any-return]


def build_judge(name: str, lexicon: Path, model: Path | None = None) -> Judge:
    """Classifier and router together; the trained model does both in one pass over the text."""
    classifier = build_classifier(name, lexicon, model)
    whole = getattr(classifier, "model", None)
    if whole is not None:
        return cast("Judge", whole)
    return TwoPassJudge(classifier, build_suggester(lexicon, None if name == "onnx" else model))


def load_trainer() -> Callable[..., Card]:
    """`training.train`. Raises `ConfigError` when scikit-learn, which only training needs, is not installed."""
    return cast("Callable[..., Card]", _load_for_training(_TRAINER))


def load_router_trainer() -> Callable[..., RouterCard]:
    """`routing_training.train_router`, under the same condition."""
    return cast("Callable[..., RouterCard]", _load_for_training(_ROUTER_TRAINER))


def load_wording_trainer() -> Callable[..., LearnedWording]:
    """`wording_training.learn_wording`, under the same condition."""
    return cast("Callable[..., LearnedWording]", _load_for_training(_WORDING_TRAINER))


def _load_for_training(place: str) -> object:
    return _load_with_extra(place, "train", "训练")


def _load_with_extra(place: str, extra: str, what: str) -> object:
    try:
        return _load(place)
    except ModuleNotFoundError as error:
        raise ConfigError(f"{what}需要 {error.name}：请先 pip install 'xianwai[{extra}]'") from error
