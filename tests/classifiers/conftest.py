"""The shipped lexicon and model, loaded once."""

from pathlib import Path

import pytest

from monitor.classifiers.lexicon import load_lexicon
from monitor.classifiers.reading import Reader
from monitor.classifiers.trained import TrainedModel, open_model

LEXICON = Path(__file__).parents[2] / "config" / "lexicon"


@pytest.fixture(scope="session")
def lexicon_folder() -> Path:
    return LEXICON


@pytest.fixture(scope="session")
def reader() -> Reader:
    return Reader(load_lexicon(LEXICON))


@pytest.fixture(scope="session")
def model(reader: Reader) -> TrainedModel:
    return open_model(reader)
