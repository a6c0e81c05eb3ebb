"""Sliding-window attention: each position sees itself and the window − 1 positions before it.

Beltagy et al. 2020, "Longformer", section 3.1; causal, as in Mistral 7B (Jiang et al. 2023). Keys
are gathered window by window, so cost and memory grow with S · window and never with S².
"""

import math

import torch
from torch import Tensor


def sliding_window_attention(query: Tensor, key: Tensor, value: Tensor, window: int) -> Tensor:
    """Attend from position i to positions max(0, i − window + 1) … i.

    query, key, value (…, S, d) → (…, S, d). window ≥ 1; from S on it is plain causal attention.
    """
    length, d_k = query.shape[-2:]
    window = min(window, length)
    # Row i of what is unfolded holds keys i − window + 1 … i; those before 0 are padding.
    missing = window - 1
    keys = _padded(key, missing).unfold(-2, window, 1)
    values = _padded(value, missing).unfold(-2, window, 1)
    scores = query.unsqueeze(-2) @ keys
    scores = scores.squeeze(-2)
    scores = scores / math.sqrt(d_k)
    rows = torch.arange(length, device=query.device)
    places = torch.arange(window, device=query.device)
    before = rows[:, None] + places < missing
    scores = scores.masked_fill(before, float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    context = values @ weights.unsqueeze(-1)
    return context.squeeze(-1)


def _padded(tokens: Tensor, missing: int) -> Tensor:
    """(…, S, d) → (…, missing + S, d), with zeros in front."""
    blank = tokens.new_zeros(*tokens.shape[:-2], missing, tokens.size(-1))
    return torch.cat((blank, tokens), dim=-2)
