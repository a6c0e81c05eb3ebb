"""Sliding-window attention. Fill in the body, then run `kata grade sliding-window`."""

import torch


def sliding_window_attention(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, window: int
) -> torch.Tensor:
    """Let each position attend to itself and to the window − 1 positions before it.

    query: (…, S, d)
    key:   (…, S, d)
    value: (…, S, d)
        The leading dimensions are any number, none included, and the same for all three.
    window: how many positions are seen, the own one included; at least 1. Position i sees
        max(0, i − window + 1) … i; a window of S or more is plain causal attention.

    Returns (…, S, d), in the dtype and on the device of query. The scale is √d. No tensor may be as
    large as all pairs of positions: cost grows with S · window.
    """
    raise NotImplementedError("your attention goes here")
