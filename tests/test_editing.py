"""Edits in great number: put side by side, compiled by function, asked of what is built once."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from grader.bank.draw import Draw
from grader.diagnosis.composition import changes, compose
from grader.diagnosis.probes import Probe, probes
from grader.exchange.answer import Answer
from grader.exchange.editing import Editing
from grader.exchange.local import Variant, load_variant
from grader.kata.kata import Kata, find
from grader.kata.mutants import Edit
from grader.kata.vocabulary import values
from grader.report.verdict import Fault

torch.set_num_threads(1)
TEXT = """
def f(x):
    scores = x / 2
    weights = softmax(scores, -1)
    return weights
"""


# --- composition --------------------------------------------------------------------------------


def one(right: str, wrong: str) -> Edit:
    return Edit((right,), (wrong,))


def test_edits_of_different_places_stand_side_by_side() -> None:
    parts = [one("x / 2", "x"), one("softmax(scores, -1)", "softmax(scores, 0)")]
    assert compose(TEXT, parts) == TEXT.replace("x / 2", "x").replace("-1)", "0)")
    assert compose(TEXT, parts[::-1]) == compose(TEXT, parts)
    assert compose(TEXT, []) == TEXT


def test_what_only_adds_goes_with_what_changes_the_line() -> None:
    added = one("scores = x / 2", "scores = x / 2\nscores = cap(scores)")
    both = compose(TEXT, [one("x / 2", "x / 8"), added])
    assert both == TEXT.replace("scores = x / 2\n", "scores = x / 8\n    scores = cap(scores)\n")


def test_words_that_stay_belong_to_nobody() -> None:
    """Two edits of one call go together where they change different arguments."""
    inner = one("softmax(scores, -1)", "softmax(-scores, -1)")
    outer = one("softmax(scores, -1)", "softmax(scores, 0)")
    both = compose(TEXT, [inner, outer])
    assert both == TEXT.replace("softmax(scores, -1)", "softmax(-scores, 0)")


def test_what_wraps_a_part_goes_with_what_changes_it_and_with_another_wrapper() -> None:
    wrapped = one("softmax(scores, -1)", "norm(softmax(scores, -1), 2)")
    assert compose(TEXT, [one("scores, -1)", "scores, 0)"), wrapped]) == TEXT.replace(
        "softmax(scores, -1)", "norm(softmax(scores, 0), 2)"
    )
    outer = one("weights = softmax(scores, -1)", "weights = drop(softmax(scores, -1), 0.1)")
    assert compose(TEXT, [outer, wrapped]) == TEXT.replace(
        "softmax(scores, -1)", "drop(norm(softmax(scores, -1), 2), 0.1)"
    )


def test_two_edits_of_one_place_do_not_go_together() -> None:
    assert compose(TEXT, [one("x / 2", "y"), one("x / 2", "z")]) is None
    assert compose(TEXT, [one("absent", "anything")]) is None
    assert changes(TEXT, one("scores", "twice")) is None


# --- the fast way is the slow way ---------------------------------------------------------------


def edits(slug: str, every: int) -> tuple[Kata, Editing, list[str]]:
    """Edited texts of a kata's solution, every so-manieth of the vocabulary's."""
    kata = find(slug)
    text = kata.solution.read_text(encoding="utf-8")
    editing = Editing(load_variant(kata, text), text)
    known = [edit for value in values(kata, text) for edit in value.example.pitfall.edits]
    composed = [compose(text, [edit]) for edit in known[::every]]
    return kata, editing, [edited for edited in composed if edited is not None]


def asked(editing: Editing, names: tuple[str, ...]) -> list[Probe]:
    draw = Draw(3, "editing")
    found = probes(editing.solution.kata, editing.solution.layout, draw)
    return [probe for probe in found if probe.name in names]


def same(one: tuple[Answer, ...] | Fault, other: tuple[Answer, ...] | Fault) -> bool:
    if isinstance(one, Fault) or isinstance(other, Fault):
        return str(one) == str(other)
    pairs = zip(one, other, strict=True)
    return all(
        torch.allclose(a.output, b.output, equal_nan=True)
        and a.gradients.keys() == b.gradients.keys()
        and all(torch.allclose(g, b.gradients[n], equal_nan=True) for n, g in a.gradients.items())
        for a, b in pairs
    )


@pytest.mark.parametrize("slug", ["sdpa", "causal-mask"])
def test_an_edit_answers_as_if_it_were_loaded_by_itself(slug: str) -> None:
    kata, editing, texts = edits(slug, every=11)
    questions = asked(editing, ("no mask", "mask for each", "gradient"))
    assert len(texts) > 20
    for text in texts:
        alone = Variant(kata, load_variant(kata, text, editing.solution.layout).loaded,
                        editing.solution.layout)  # fmt: skip
        quick = editing.load(text)
        for probe in questions:
            answers: list[tuple[Answer, ...] | Fault] = []
            for ask in (alone.directly, lambda r, v=quick: editing.answers(v, r)):
                try:
                    answers.append(ask(probe.request))
                except Fault as fault:
                    answers.append(fault)
            assert same(*answers), (text, probe.name)


def test_nothing_that_one_edit_keeps_is_there_for_another() -> None:
    _, editing, _ = edits("self-attention", every=1000)
    (probe,) = asked(editing, ("no mask",))
    true = editing.answers(editing.solution, probe.request)
    line = "scores = scores /"
    for count in (
        "self.n = getattr(self, 'n', 0) + 1",
        "self.register_buffer('n', getattr(self, 'n', torch.zeros(())) + 1)",
    ):
        counting = editing.text.replace(line, f"{count}\n        scores = scores * self.n /")
        assert counting != editing.text
        for _ in range(2):
            assert same(editing.answers(editing.load(counting), probe.request), true)
    line = "query = self"
    writing = editing.text.replace(line, f"x.zero_()\n        {line}")
    assert not same(editing.answers(editing.load(writing), probe.request), true)
    assert same(editing.answers(editing.solution, probe.request), true)


def test_what_is_initialised_otherwise_is_built_anew(tmp_path: Path) -> None:
    _, editing, _ = edits("multi-head", every=1000)
    (probe,) = asked(editing, ("no mask",))
    single = editing.text.replace("self.num_heads = num_heads", "self.num_heads = num_heads = 1")
    assert single != editing.text
    assert not issubclass(editing.load(single).loaded.target, editing.solution.loaded.target)
    true = editing.answers(editing.solution, probe.request)
    assert not same(editing.answers(editing.load(single), probe.request), true)
