"""Exact attention by blocks: softmax(QKᵀ / √d) V without ever holding all scores.

Dao et al. 2022, "FlashAttention", algorithm 1; the running softmax is that of Milakov and
Gimelshein 2018, "Online normalizer calculation for softmax".
"""

import math

import torch
from torch import Tensor


def flash_attention(
    query: Tensor, key: Tensor, value: Tensor, causal: bool = False, block_size: int = 64
) -> Tensor:
    """Attend in blocks of block_size queries and block_size keys.

    query (…, L, d), key (…, S, d), value (…, S, d) → (…, L, d). causal: query i sees keys ≤ i.
    """
    queries, keys = query.size(-2), key.size(-2)
    # Scaled once, where it is smallest.
    query = query / math.sqrt(query.size(-1))
    outputs = []
    for start in range(0, queries, block_size):
        rows = query[..., start : start + block_size, :]
        last = start + rows.size(-2)
        largest = rows.new_full((*rows.shape[:-1], 1), float("-inf"))
        total = torch.zeros_like(largest)
        context = rows.new_zeros(*rows.shape[:-1], value.size(-1))
        end = min(last, keys) if causal else keys
        for first in range(0, end, block_size):
            stop = min(first + block_size, end)
            scores = rows @ key[..., first:stop, :].transpose(-2, -1)
            if causal:
                places = torch.arange(first, stop, device=scores.device)
                past = torch.arange(start, last, device=scores.device)
                scores = scores.masked_fill(places > past[:, None], float("-inf"))
            # Every row has seen key 0 after the first block, so no maximum is -inf from there on.
            new_largest = torch.maximum(largest, scores.amax(dim=-1, keepdim=True))
            weights = torch.exp(scores - new_largest)
            # What was summed so far was taken relative to the old maximum.
            correction = torch.exp(largest - new_largest)
            total = total * correction + weights.sum(dim=-1, keepdim=True)
            context = context * correction + weights @ value[..., first:stop, :]
            largest = new_largest
        outputs.append(context / total)
    return torch.cat(outputs, dim=-2)
