"""Random inputs of the judge's own: from a generator no other process can see."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from grader.exchange.layout import Projection

WEIGHT_GAIN = 1.3
"""Over 1/√in: scores spread enough that softmax weights differ, without saturating."""
BIAS_STD = 0.5


class Draw:
    """Draws of one check: a function of the grade's seed and the check's name, and of nothing else.

    Calling it gives standard normal values: `draw(2, 7, 5)` has shape (2, 7, 5).
    """

    def __init__(self, seed: int, purpose: str) -> None:
        digest = hashlib.sha256(f"{seed}:{purpose}".encode()).digest()
        self.generator = torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)

    def __call__(self, *shape: int) -> Tensor:
        """Standard normal float32 values."""
        return torch.randn(*shape, generator=self.generator)

    def integer(self, low: int, high: int) -> int:
        """An integer from low to high, both included."""
        return int(torch.randint(low, high + 1, (), generator=self.generator))

    def uniform(self, *shape: int) -> Tensor:
        """Values in [0, 1)."""
        return torch.rand(*shape, generator=self.generator)

    def permutation(self, n: int) -> Tensor:
        """A permutation of 0 … n−1 that moves every element (n ≥ 2)."""
        order = torch.randperm(n, generator=self.generator)
        moved = torch.empty_like(order)
        moved[order] = order.roll(1)
        return moved

    def signs(self, *shape: int) -> Tensor:
        """Values of −1 and +1: their products are exact in every floating dtype."""
        return torch.randint(0, 2, shape, generator=self.generator).float() * 2 - 1

    def mask(self, *shape: int, visible: float = 0.6) -> Tensor:
        """A boolean mask (…, S): each row sees a key and, where S > 1, hides one."""
        mask = self.uniform(*shape) < visible
        keys = shape[-1]
        seen = torch.randint(0, keys, (*shape[:-1], 1), generator=self.generator)
        if keys > 1:
            unseen = (seen + torch.randint(1, keys, seen.shape, generator=self.generator)) % keys
            mask = mask.scatter(-1, unseen, False)
        return mask.scatter(-1, seen, True)

    def padding(self, batch: int, keys: int) -> Tensor:
        """A boolean (batch, keys) of left-aligned sequences of differing lengths ≥ 1, < keys."""
        lengths = torch.randint(1, max(keys, 2), (batch, 1), generator=self.generator)
        return torch.arange(keys) < lengths

    def weights(
        self, shapes: Mapping[str, tuple[int, int]], biased: Sequence[str]
    ) -> dict[str, Projection]:
        """Projections by role; those in `biased` get a bias, the others none."""
        drawn = {}
        for role, (out, width) in shapes.items():
            weight = self(out, width) * (WEIGHT_GAIN / math.sqrt(width))
            drawn[role] = Projection(weight, self(out) * BIAS_STD if role in biased else None)
        return drawn
