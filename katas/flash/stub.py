"""Attention by blocks. Fill in the body, then run `kata grade flash`."""

import torch


def flash_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    causal: bool = False,
    block_size: int = 64,
) -> torch.Tensor:
    """Return softmax(QKᵀ / √d) V, exactly, without ever holding all scores at once.

    query: (…, L, d)
    key:   (…, S, d)
    value: (…, S, d)
        The leading dimensions are any number, none included, and the same for all three.
    causal: whether query i sees keys 0 … i only, also where L and S differ
    block_size: how many queries and keys are taken at a time; it may be larger than L or S, and
        need not divide them

    Returns (…, L, d), in the dtype and on the device of query. Where L = S ≥ 16 · block_size
    no tensor has more than L · S / 4 elements, and no more than L · S / 2 live at one time.
    """
    raise NotImplementedError("your attention goes here")
