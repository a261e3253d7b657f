"""Services are tested with plain words for mails: what the templates make of the facts is the templates' test."""

from dataclasses import replace

import pytest

from monitor.services.tools import Tools
from tests.fakes import plain_words


@pytest.fixture
def tools(tools: Tools) -> Tools:
    """The tools of every test, with mails that say their event and the ticket's number."""
    return replace(tools, render=plain_words)
