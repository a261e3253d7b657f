"""The faults that other tests draw from: damaged as said, and leaving the original alone."""

import copy
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.scrapers.fuzzing import BYTE_FAULTS, mutated, odd_json

PAYLOAD = '<?xml version="1.0" encoding="utf-8"?><a>刹车异响</a>'.encode()
VALUE: dict[str, Any] = {"list": [{"id": 7, "text": "等配件"}, {"id": 8}], "next": None}


def test_every_byte_fault_damages() -> None:
    for name, fault in BYTE_FAULTS.items():
        assert fault(PAYLOAD, 3, 9, b"\xff\xfe") != PAYLOAD, name


@given(mutated(PAYLOAD))
@settings(max_examples=50, deadline=None)
def test_damaged_bytes_are_still_bytes(body: bytes) -> None:
    assert isinstance(body, bytes)


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_odd_json_can_be_written_and_leaves_the_original(data: st.DataObject) -> None:
    before = copy.deepcopy(VALUE)
    json.dumps(data.draw(odd_json(VALUE)))
    assert before == VALUE
