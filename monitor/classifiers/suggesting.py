"""The learned router: departments by the trained model, most likely first."""

from collections.abc import Sequence
from pathlib import Path

from monitor.classifiers.reading import Reader
from monitor.classifiers.trained import TrainedModel, open_model
from monitor.domain.verdicts import Suggestion


class TrainedSuggester:
    """The department head of a trained model as a `Suggester`."""

    def __init__(self, model: TrainedModel) -> None:
        self.model = model

    @classmethod
    def build(cls, reader: Reader, folder: Path | None) -> "TrainedSuggester":
        """The suggester of a model folder, None for the shipped one."""
        return cls(open_model(reader, folder))

    @property
    def version(self) -> str:
        """Model and lexicon version."""
        return self.model.version

    def suggest(self, texts: Sequence[str]) -> list[tuple[Suggestion, ...]]:
        """For each text the departments with their confidence; empty when there is nothing to judge."""
        return [judgement.suggestions for judgement in self.model.judge(texts)]
