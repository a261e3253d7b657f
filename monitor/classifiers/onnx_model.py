"""A transformer of the user's own, exported to ONNX, as a backend; cues, topics and severity are still our rules'."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as failures

from monitor.classifiers.model_file import Floats
from monitor.classifiers.onnx_folder import MODEL, OnnxFolder, read_folder
from monitor.classifiers.reading import Reader, Reading
from monitor.classifiers.scoring import softmax
from monitor.classifiers.verdict_parts import blank_verdict, cues_of, expression_of, keyword_chances, topics_of
from monitor.classifiers.word_pieces import Piece, WordPieces
from monitor.domain.errors import ConfigError
from monitor.domain.verdicts import Polarity, Scores, Verdict

_THRESHOLD = 0.5
_AT_ONCE = 32
"""Windows that go through the network together."""
_MOST_WINDOWS = 64
"""A post of some 20,000 characters; what stands further down is not looked at, or a megabyte would take minutes."""
_KNOWN_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_ORDER = (Polarity.NEGATIVE, Polarity.NEUTRAL, Polarity.POSITIVE)
_REFUSALS = (
    failures.EPFail,
    failures.Fail,
    failures.InvalidArgument,
    failures.InvalidGraph,
    failures.InvalidProtobuf,
    failures.NotImplemented,
    failures.RuntimeException,
)

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Window:
    """A part of a text that fits into the network: pieces of text number `owner`."""

    owner: int
    pieces: Sequence[Piece]


class _Network:
    """The graph with its vocabulary: chances for windows of pieces."""

    def __init__(self, folder: OnnxFolder) -> None:
        self._folder = folder
        self._numbers = folder.vocabulary
        self._session = _open(folder)
        self._inputs = [each.name for each in self._session.get_inputs()]
        unknown = [name for name in self._inputs if name not in _KNOWN_INPUTS]
        if unknown or "input_ids" not in self._inputs:
            raise ConfigError(
                f"{folder.path / MODEL}: 输入是 {'、'.join(self._inputs)}，应是 {'、'.join(_KNOWN_INPUTS)}"
                "（后两个可以没有）；请按文本分类任务重新导出"
            )
        self.chances([[Piece(self._numbers["[UNK]"], 0, 1)]])

    def chances(self, windows: Sequence[Sequence[Piece]]) -> Floats:
        """Negative, neutral and positive for each window."""
        parts = [self._chances(windows[start : start + _AT_ONCE]) for start in range(0, len(windows), _AT_ONCE)]
        return np.concatenate(parts)

    def _chances(self, windows: Sequence[Sequence[Piece]]) -> Floats:
        try:
            logits = np.asarray(self._session.run(None, self._filled(windows))[0], np.float32)
        except _REFUSALS as error:
            raise ConfigError(f"{self._folder.path / MODEL}: 运行不了：{error}") from error
        labels = self._folder.labels
        if logits.shape != (len(windows), len(labels)):
            raise ConfigError(
                f"{self._folder.path / MODEL}: 第一个输出应是每条 {len(labels)} 个数（config.json 的 id2label），"
                f"实为 {logits.shape[1:]}；请按文本分类任务导出，并写对 id2label"
            )
        chances = np.zeros((len(windows), len(_ORDER)), np.float32)
        chances[:, [_ORDER.index(label) for label in labels]] = softmax(logits)
        return chances

    def _filled(self, windows: Sequence[Sequence[Piece]]) -> dict[str, Ints]:
        ids = np.full((len(windows), max(map(len, windows)) + 2), self._numbers["[PAD]"], np.int64)
        mask = np.zeros_like(ids)
        for row, pieces in enumerate(windows):
            numbers = [self._numbers["[CLS]"], *(piece.number for piece in pieces), self._numbers["[SEP]"]]
            ids[row, : len(numbers)] = numbers
            mask[row, : len(numbers)] = 1
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        return {name: given[name] for name in self._inputs}


def _open(folder: OnnxFolder) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(folder.model, options, providers=["CPUExecutionProvider"])
    except _REFUSALS as error:
        raise ConfigError(f"{folder.path / MODEL}: 应是 ONNX 模型，打不开：{error}") from error


class OnnxClassifier:
    """A transformer as a `Classifier`; a long text is judged window by window, and the worst counts."""

    def __init__(self, reader: Reader, folder: OnnxFolder) -> None:
        self._reader = reader
        self._network = _Network(folder)
        self._cutter = WordPieces(folder.vocabulary, lower=folder.lower)
        self._size = folder.max_length - 2
        self._digest = folder.digest

    @classmethod
    def build(cls, reader: Reader, folder: Path | None) -> "OnnxClassifier":
        """The classifier of a folder. Raises `ConfigError` when a file is missing or does not fit the others."""
        if folder is None:
            raise ConfigError(
                "classifier = onnx 时，设置 model 应指向放有 model.onnx、vocab.txt 和 config.json 的文件夹"
            )
        return cls(reader, read_folder(folder))

    @property
    def version(self) -> str:
        """Backend, beginning of the model's checksum, and lexicon version."""
        return f"onnx-{self._digest[:10]}+{self._reader.version}"

    def classify(self, texts: Sequence[str], contexts: Sequence[str] | None = None) -> list[Verdict]:  # noqa: ARG002
        """One verdict a text, in order; such a model reads no contexts."""
        readings = [self._reader.read(text) for text in texts]
        windows = [
            window
            for owner, reading in enumerate(readings)
            if not reading.blank
            for window in self._windows(owner, reading.folded.text)
        ]
        worst = self._worst(windows)
        return [
            self._verdict(reading, *worst[owner]) if owner in worst else blank_verdict(reading, self.version)
            for owner, reading in enumerate(readings)
        ]

    def _windows(self, owner: int, text: str) -> list[_Window]:
        """Windows that overlap by a quarter, so that no sentence is only seen in halves."""
        step = self._size * 3 // 4
        pieces = self._cutter.cut(text, _MOST_WINDOWS * step)
        last = max(1, len(pieces) - self._size + step)
        return [_Window(owner, pieces[start : start + self._size]) for start in range(0, last, step)]

    def _worst(self, windows: Sequence[_Window]) -> dict[int, tuple[Floats, tuple[int, int] | None]]:
        """For each text the chances of its worst window, and where that stands when there are several."""
        worst: dict[int, tuple[Floats, tuple[int, int] | None]] = {}
        if not windows:
            return worst
        chances = self._network.chances([window.pieces for window in windows])
        counts = np.bincount([window.owner for window in windows])
        for window, row in zip(windows, chances, strict=True):
            if window.owner not in worst or row[0] > worst[window.owner][0][0]:
                place = (window.pieces[0].start, window.pieces[-1].end) if counts[window.owner] > 1 else None
                worst[window.owner] = (row, place)
        return worst

    def _verdict(self, reading: Reading, chances: Floats, place: tuple[int, int] | None) -> Verdict:
        negative, positive = round(float(chances[0]), 4), round(float(chances[2]), 4)
        flagged = negative >= _THRESHOLD
        polarity = _ORDER[int(np.argmax(chances))]
        return Verdict(
            polarity=polarity,
            scores=Scores(negative, round(1 - negative - positive, 4), positive),
            dissatisfied=negative,
            flagged=flagged,
            expression=expression_of(reading, flagged=flagged),
            version=self.version,
            cues=cues_of(reading, flagged=flagged),
            topics=topics_of(keyword_chances(reading), polarity),
            severity=reading.severity,
            severity_reason=reading.severity_reason,
            intent=reading.intent,
            spam=reading.spam,
            worst=reading.folded.span(*place) if place else None,
        )
