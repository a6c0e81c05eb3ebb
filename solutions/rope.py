"""Rotary position embedding: pair i of position p is turned by the angle p · base^(−2i/d).

Su et al. 2021, "RoFormer: Enhanced Transformer with Rotary Position Embedding", section 3.2; the
features are paired in two halves, as in GPT-NeoX and Llama.
"""

import torch
from torch import Tensor


def apply_rope(x: Tensor, positions: Tensor | None = None, base: float = 10000.0) -> Tensor:
    """Turn each pair of features, so that dot products depend on distances alone.

    x (…, S, d), d even → (…, S, d), the sequence being axis −2. Pair i is features i and i + d/2.
    positions: (S,) whole numbers; None means 0 … S − 1.
    """
    dim = x.size(-1)
    if dim % 2 != 0:
        raise ValueError(f"the width of x ({dim}) must be even: features are turned in pairs")
    if positions is None:
        positions = torch.arange(x.size(-2), device=x.device)
    # Half precision holds no whole number above 2048 (bfloat16: 256), and so no such position.
    exact = torch.promote_types(x.dtype, torch.float32)
    exponents = torch.arange(0, dim, 2, dtype=exact, device=x.device) / dim
    frequencies = base**-exponents
    angles = positions.to(exact)[:, None] * frequencies
    cos = angles.cos()
    sin = angles.sin()
    first, second = x.to(exact).chunk(2, dim=-1)
    turned_first = first * cos - second * sin
    turned_second = first * sin + second * cos
    turned = torch.cat((turned_first, turned_second), dim=-1)
    return turned.to(x.dtype)
