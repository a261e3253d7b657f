"""Classifiers by name."""

from pathlib import Path

import pytest

from monitor.classifiers.registry import BACKENDS, build_classifier, build_suggester
from monitor.domain.errors import ConfigError


@pytest.mark.parametrize("name", sorted(set(BACKENDS) - {"onnx"}))
def test_every_backend_that_brings_a_model_judges(lexicon_folder: Path, name: str) -> None:
    classifier = build_classifier(name, lexicon_folder)
    assert classifier.classify(["售后态度恶劣，我要投诉"])[0].version == classifier.version


def test_the_suggester_suggests(lexicon_folder: Path) -> None:
    assert build_suggester(lexicon_folder).suggest(["发动机漏油"])[0][0].department


def test_an_unknown_name_is_told_with_the_known(lexicon_folder: Path) -> None:
    with pytest.raises(ConfigError, match="snownlp"):
        build_classifier("oracle", lexicon_folder)


def test_a_folder_that_holds_no_model_is_told(lexicon_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"card\.json"):
        build_classifier("trained", lexicon_folder, tmp_path)
