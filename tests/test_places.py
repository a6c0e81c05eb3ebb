"""Where in its line a submission failed: the sign of an operator, or a call."""

from __future__ import annotations

import pytest
import torch

from grader.exchange.local import load_variant
from grader.exchange.request import Call, Request
from grader.kata.kata import find
from grader.report.verdict import Fault

KATA = find("sdpa")


@pytest.mark.parametrize(
    ("line", "marked"),
    [
        ("scores = (query @ key) / 2.0", "@ key"),
        ("scores = torch.bmm(query, key)", "torch.bmm(query, key)"),
        ("größe = 'ä'; scores = query @ key", "@ key"),
        ("scores = (query) @ (key)", "@ (key)"),
        ("scores = torch.bmm(\n        query, key)", None),
    ],
)
def test_the_operation_that_failed_is_told_by_its_signs(line: str, marked: str | None) -> None:
    head = "def scaled_dot_product_attention(query, key, value, mask=None):"
    text = f"import torch\n{head}\n    {line}"
    sizes = {"query": (2, 5), "key": (3, 5), "value": (3, 7)}
    call = Call({name: torch.ones(size) for name, size in sizes.items()})
    with pytest.raises(Fault) as told:
        load_variant(KATA, text).answers(Request({}, {}, (call,), axes=KATA.entry.axes))
    columns = told.value.evidence.frames[-1].columns
    code = text.split("\n")[2]
    assert marked == (None if columns is None else code[columns[0] : columns[1]])
