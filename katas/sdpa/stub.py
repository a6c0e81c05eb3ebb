"""Scaled dot-product attention. Fill in the body, then run `kata grade sdpa`."""

import torch


def scaled_dot_product_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return softmax(QKᵀ / √d_k) V.

    query: (…, L, d_k)
    key:   (…, S, d_k)
    value: (…, S, d_v)
        The leading dimensions are any number, none included, and the same for all three.
    mask:  boolean or 0/1 of any dtype, broadcastable to the scores (…, L, S);
        true (non-zero) means "this query may attend to this key". None hides nothing.

    Returns (…, L, d_v), in the dtype and on the device of query.
    """
    raise NotImplementedError("your attention goes here")
