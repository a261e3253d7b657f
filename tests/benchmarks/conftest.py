"""Prints, after the table of times, the figures that are not times: posts a second, megabytes, ratios."""

from collections.abc import Callable

import pytest

_FIGURES = pytest.StashKey[list[str]]()
Note = Callable[[str], None]


def pytest_configure(config: pytest.Config) -> None:
    """Makes room for the figures."""
    config.stash[_FIGURES] = []


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Note:
    """Keeps a figure for the end of the run."""
    return request.config.stash[_FIGURES].append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Prints the figures."""
    if config.stash[_FIGURES]:
        terminalreporter.write_sep("-", "figures")
        for figure in config.stash[_FIGURES]:
            terminalreporter.write_line(figure)
