"""Sources as TOML: whatever is written reads back the same."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.configuration.sources import SourceEntry, as_toml, sources_in
from monitor.domain.errors import ConfigError

HERE = Path("/etc/xianwai")
_words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40).filter(str.strip)
_names = st.from_regex(r"[a-z][a-z_]{0,12}", fullmatch=True).filter(lambda name: name != "path")
_values = st.one_of(_words, st.integers(-(2**53), 2**53), st.booleans(), st.floats(allow_nan=False))


@given(
    name=_words,
    kind=_words,
    options=st.dictionaries(_names, _values, max_size=6),
    interval=st.integers(1, 10**6),
    direct=st.booleans(),
    enabled=st.booleans(),
    query=st.one_of(st.just(""), _words),
)
def test_what_is_written_reads_back_the_same(**fields: Any) -> None:
    entry = SourceEntry(**fields)
    assert sources_in(as_toml(entry), HERE) == (entry,)


def test_several_sources_stand_one_after_the_other() -> None:
    entries = [SourceEntry(name=name, kind="feed", options={"url": f"https://{name}.example"}) for name in "ab"]
    assert sources_in("\n".join(map(as_toml, entries)), HERE) == tuple(entries)


def test_a_plain_source_is_short_and_readable() -> None:
    entry = SourceEntry(name="论坛", kind="feed", options={"url": "https://a.example/feed", "own_site": False})
    assert as_toml(entry) == (
        '[[source]]\nname = "论坛"\nkind = "feed"\ninterval = 900\n\n'
        '[source.options]\nurl = "https://a.example/feed"\nown_site = false\n'
    )


def test_a_path_counts_from_the_file() -> None:
    text = '[[source]]\nname = "a"\nkind = "folder"\noptions = { path = "drop" }'
    assert sources_in(text, HERE)[0].options == {"path": "/etc/xianwai/drop"}


def test_two_of_one_name_are_refused() -> None:
    entry = as_toml(SourceEntry(name="论坛", kind="feed", options={}))
    with pytest.raises(ConfigError, match="出现了两次"):
        sources_in(entry + entry, HERE)
