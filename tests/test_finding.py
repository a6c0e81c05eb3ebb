"""Where a named mistake is pointed at in the submission."""

from __future__ import annotations

from dataclasses import replace

from grader.diagnosis.finding import finding_of
from grader.kata.kata import find
from grader.kata.pitfalls import load_pitfalls
from grader.report.verdict import PROVED

PITFALL = replace(load_pitfalls(find("sdpa"))[0], look="softmax")
LAYER = """
class Attention:
    def __init__(self):
        self.softmax = Softmax(-2)

    def forward(self, x):
        # softmax over the keys
        return self.softmax(x)
"""


def test_what_happens_is_pointed_at_before_what_is_only_built() -> None:
    assert finding_of(PITFALL, LAYER, PROVED).line == 8
    only_built = LAYER.replace("self.softmax(x)", "self.norm(x)")
    assert finding_of(PITFALL, only_built, PROVED).line == 4
    assert finding_of(PITFALL, "x = 1\n", PROVED).line is None
    assert finding_of(PITFALL, "", PROVED).check == PITFALL.check
