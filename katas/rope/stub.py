"""Rotary position embedding. Fill in the body, then run `kata grade rope`."""

import torch


def apply_rope(
    x: torch.Tensor, positions: torch.Tensor | None = None, base: float = 10000.0
) -> torch.Tensor:
    """Turn each pair of features of x by an angle that grows with its position.

    x: (…, S, d), d even; the sequence is axis −2, and in front stands any number of axes
    positions: (S,), int64 and not negative, in any order; None means 0 … S − 1
    base: the angle of pair i, for i = 0 … d/2 − 1, is position · base^(−2i/d)

    Returns (…, S, d), in the dtype and on the device of x. Pairs are features i and i + d/2, or
    features 2i and 2i + 1: either, as long as it is the same for what goes in and what comes out.
    """
    raise NotImplementedError("your rotation goes here")
