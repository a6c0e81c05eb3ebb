"""Attention with linear biases: causal attention that loses interest with distance, head by head.

Press, Smith and Lewis 2022, "Train Short, Test Long: Attention with Linear Biases Enables Input
Length Extrapolation", section 3; slopes for any number of heads as in the code of its authors.
"""

import math

import torch
from torch import Tensor


def alibi_attention(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Attend to what came before, each score lowered by the head's slope times the distance.

    query, key, value (B, H, S, d) → (B, H, S, d). Causal; the slopes follow from H alone.
    """
    num_heads, length, d_k = query.shape[-3:]
    scores = query @ key.transpose(-2, -1)
    scores = scores / math.sqrt(d_k)
    places = torch.arange(length, device=query.device)
    distance = places[:, None] - places
    # Half precision would round the slopes before they are multiplied by the distance.
    exact = torch.promote_types(scores.dtype, torch.float32)
    slopes = torch.tensor(_slopes(num_heads), dtype=exact, device=query.device)
    bias = -slopes[:, None, None] * distance
    # Unlike a dot product the bias does not grow with the width, so it is not scaled.
    scores = scores + bias.to(scores.dtype)
    visible = torch.ones(length, length, dtype=torch.bool, device=query.device).tril()
    scores = scores.masked_fill(~visible, float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    return weights @ value


def _slopes(num_heads: int) -> list[float]:
    """A slope for each head: 2^(−8k/n) for k = 1 … n, where n is a power of two.

    Of any other number of heads the largest power of two below goes first; those that are left
    take every other slope of twice as many.
    """
    nearest = 2 ** (num_heads.bit_length() - 1)
    slopes = [2 ** (-8 * k / nearest) for k in range(1, nearest + 1)]
    between = [2 ** (-4 * (2 * k - 1) / nearest) for k in range(1, num_heads - nearest + 1)]
    return slopes + between
