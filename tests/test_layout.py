"""Where a layer keeps its projections: what is written by role is read back by role."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
import torch

from grader.bank.draw import Draw
from grader.exchange.layout import Layout, Projection, Slot, Weights

ROLES = {"query": (12, 8), "key": (4, 8), "value": (6, 8), "output": (8, 6)}
"""All sizes differ, so that nothing fits by accident."""


def dealt(roles: Sequence[str], chance: random.Random) -> list[tuple[str, ...]]:
    """The roles in some order, cut into groups that may share a parameter."""
    shuffled = chance.sample(roles, len(roles))
    groups: list[tuple[str, ...]] = []
    while shuffled:
        count = chance.randint(1, len(shuffled))
        groups.append(tuple(shuffled[:count]))
        shuffled = shuffled[count:]
    return groups


def some_layout(chance: random.Random) -> Layout:
    """Weights in groups of roles as wide as each other, each turned or not, some with biases."""
    groups = [*dealt(["query", "key", "value"], chance), ("output",)]
    slots = [Slot(f"w{n}", roles, chance.random() < 0.5) for n, roles in enumerate(groups)]
    biased = chance.sample([*ROLES], chance.randint(0, 4))
    for n, roles in enumerate(dealt(biased, chance)):
        slots.append(Slot(f"b{n}", roles, bias=True))
    return Layout(tuple(chance.sample(slots, len(slots))))


def drawn(layout: Layout, seed: int) -> Weights:
    return Draw(seed, "weights").weights(ROLES, [r for r in ROLES if layout.biased(r)])


@pytest.mark.parametrize("seed", range(30))
def test_what_is_stored_by_any_layout_is_read_back_as_it_was(seed: int) -> None:
    layout = some_layout(random.Random(seed))
    weights = drawn(layout, seed)
    expected = {f"{role} weight": p.weight for role, p in weights.items()}
    expected |= {f"{role} bias": p.bias for role, p in weights.items() if p.bias is not None}
    back = layout.read(layout.state(weights), weights)
    assert back.keys() == expected.keys()
    assert all(torch.equal(back[name], tensor) for name, tensor in expected.items())


@pytest.mark.parametrize("transposed", [False, True])
def test_a_fused_weight_has_the_roles_rows_in_its_own_order(transposed: bool) -> None:
    roles = ("value", "query", "key")
    slot = Slot("qkv", roles, transposed)
    weights = {
        r: Projection(torch.full(size, float(n))) for n, (r, size) in enumerate(ROLES.items())
    }
    stored = slot.gather(weights)
    assert stored.shape == ((8, 22) if transposed else (22, 8))
    assert stored.is_contiguous()
    rows = stored.T if transposed else stored
    assert rows[:, 0].tolist() == [2.0] * 6 + [0.0] * 12 + [1.0] * 4


def test_a_bias_that_a_role_does_not_have_is_zero() -> None:
    """One fused bias holds the rows of three roles; the judge may have drawn it for two."""
    slot = Slot("bias", ("query", "key"), bias=True)
    weights = {
        "query": Projection(torch.ones(12, 8), torch.ones(12)),
        "key": Projection(torch.ones(4, 8, dtype=torch.float64), None),
    }
    assert slot.gather(weights).tolist() == [1.0] * 12 + [0.0] * 4


def test_what_a_reply_does_not_hold_or_holds_wrongly_is_left_out() -> None:
    layout = Layout((Slot("w", ("query", "key")), Slot("b", ("query", "key"), bias=True)))
    weights = drawn(layout, 1)
    stored = layout.state(weights)
    assert layout.read({"w": stored["w"]}, weights).keys() == {"query weight", "key weight"}
    assert layout.read({**stored, "w": stored["w"][1:]}, weights).keys() == {
        "query bias",
        "key bias",
    }
    assert layout.read({"norm.weight": torch.ones(16)}, weights) == {}


def test_a_layout_says_which_roles_have_a_bias_and_whether_weights_are_shared() -> None:
    biases = (Slot("b", ("query", "value"), bias=True),)
    apart = Layout((Slot("q", ("query",)), Slot("v", ("value",)), *biases))
    assert [role for role in ROLES if apart.biased(role)] == ["query", "value"]
    assert not apart.fused(), "a common bias is no common weight"
    assert Layout((Slot("kv", ("key", "value")),)).fused()
