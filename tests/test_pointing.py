"""Where a mistake is pointed at: the operator or the argument, and nothing where it is not sure."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from grader.diagnosis import pointing
from grader.diagnosis.pointing import Place, place_of
from grader.kata import vocabulary

FUNCTION = '''
import math
import torch
from torch import nn

class Attention(nn.Module):
    """softmax(q @ k.T / d) is what this is about."""

    def __init__(self, rate):
        self.drop = nn.Dropout(p=rate)

    def forward(self, x, mask):
        query, key, value = self.qkv(x).chunk(3, dim=-1)
        größe = query.size(-1)
        scores = (query @ key.transpose(-2, -1)) / math.sqrt(größe)
        scores = scores.masked_fill(mask == 0, -1e9)
        weights = torch.softmax(scores, dim=-2)
        context = self.drop(weights) @ value
        return self.out(context)
'''


def pointed(kind: str, source: str = FUNCTION) -> str:
    """The line, from its first sign, with what is pointed at in brackets."""
    place = place_of(source, kind)
    if place is None:
        return ""
    line = source.split("\n")[place.line - 1]
    begin, end = place.begin, place.end
    return f"{line[:begin]}[{line[begin:end]}]{line[end:]}".strip()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("softmax", "weights = torch.softmax(scores, [dim=-2])"),
        ("product", "scores = (query [@ key.transpose(-2, -1)]) / math.sqrt(größe)"),
        ("mix", "context = self.drop(weights) [@ value]"),
        ("fill", "scores = scores.[masked_fill](mask == 0, -1e9)"),
        ("dropout", "self.drop = nn.Dropout([p=rate])"),
        ("split", "query, key, value = self.qkv(x).[chunk](3, dim=-1)"),
        ("return", "[return self.out(context)]"),
        ("causal", ""),
        ("squash", ""),
    ],
)
def test_the_operator_or_the_argument_is_pointed_at(kind: str, expected: str) -> None:
    assert pointed(kind) == expected


def test_a_division_is_the_operator_with_what_it_divides_by() -> None:
    assert pointed("division", "s = (q @ k.mT)/größe**0.5\n") == "s = (q @ k.mT)[/größe**0.5]"


def test_characters_are_counted_not_bytes() -> None:
    assert place_of("gewürz = ä.detach()\n", "detach") == Place(1, 11, 17)


@pytest.mark.parametrize("source", ["y = x / 2\nz = y / 3\n", "x = 1\n", "x = ("])
def test_nothing_is_pointed_at_where_it_is_not_sure(source: str) -> None:
    assert place_of(source, "division") is None


def test_two_on_one_line_are_pointed_at_together_by_the_first() -> None:
    assert pointed("softmax", "w = a.exp() / a.exp().sum()\n") == "w = a.[exp]() / a.exp().sum()"


def test_every_kind_that_the_vocabulary_speaks_of_is_one() -> None:
    told = set(re.findall(r'^look = "(\w+)"$', vocabulary.FILE.read_text("utf-8"), re.MULTILINE))
    known = set(pointing.CALLS) | set(pointing.SPECIAL)
    assert told - known == {"position", "length", "backward", "state"}  # nothing is sure of these


def test_every_submission_that_was_written_can_be_pointed_into() -> None:
    """Whatever is pointed at is there: a line, and signs in it."""
    folder = Path(__file__).parent / "submissions/wrong"
    for file in sorted(folder.rglob("named_*.py"))[::12]:
        source = file.read_text("utf-8")
        ast.parse(source)
        lines = source.split("\n")
        for kind in (*pointing.CALLS, *pointing.SPECIAL):
            place = place_of(source, kind)
            assert place is None or lines[place.line - 1][place.begin : place.end].strip(), file
