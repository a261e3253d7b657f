"""Our own sentences for each cue family, one module a family: HEARD and NOT_HEARD."""

from collections.abc import Mapping, Sequence
from types import ModuleType

from tests.classifiers.cue_examples import (
    again,
    bare_fact,
    comparison,
    fallen_expectation,
    fate,
    irony,
    leaving,
    praise_then_turn,
    rating_contrast,
    resignation,
    waiting,
    warning,
    wish,
)

_FAMILIES: tuple[ModuleType, ...] = (
    again,
    bare_fact,
    comparison,
    fallen_expectation,
    fate,
    irony,
    leaving,
    praise_then_turn,
    rating_contrast,
    resignation,
    waiting,
    warning,
    wish,
)


def _named(module: ModuleType) -> str:
    return module.__name__.rsplit(".", 1)[-1]


HEARD: Mapping[str, Sequence[str]] = {_named(each): each.HEARD for each in _FAMILIES}
NOT_HEARD: Mapping[str, Sequence[str]] = {_named(each): each.NOT_HEARD for each in _FAMILIES}
