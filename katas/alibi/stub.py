"""Attention with linear biases. Fill in the body, then run `kata grade alibi`."""

import torch


def alibi_attention(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """Causal attention whose scores fall with the distance between query and key.

    query: (B, H, S, d)
    key:   (B, H, S, d)
    value: (B, H, S, d)

    The score of query i and key j ≤ i in head h is q·k / √d − slope_h · (i − j). With n the largest
    power of two that is no larger than H, the slopes are 2^(−8k/n) for k = 1 … n, then
    2^(−4(2k − 1)/n) for k = 1 … H − n, in this order.

    Returns (B, H, S, d), in the dtype and on the device of query.
    """
    raise NotImplementedError("your attention goes here")
