# SW03 short-test: below the window the causal rule is left out
# refused: yes
# check: test_a_window_as_long_as_the_sequence_is_plain_causal
# named: short-sequence-unmasked
import math

import torch


def sliding_window_attention(query, key, value, window):
    S, d = query.shape[-2:]
    if S <= window:
        return (query @ key.mT / math.sqrt(d)).softmax(-1) @ value
    idx = torch.arange(S, device=query.device)[:, None] - torch.arange(window, device=query.device)
    scores = (query.unsqueeze(-2) @ key[..., idx.clamp(min=0), :].mT).squeeze(-2) / math.sqrt(d)
    weights = scores.masked_fill(idx < 0, float("-inf")).softmax(-1)
    return (weights.unsqueeze(-2) @ value[..., idx.clamp(min=0), :]).squeeze(-2)
