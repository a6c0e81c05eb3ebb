"""Cosine attention. Fill in the body, then run `kata grade cosine-attention`."""

import torch


def cosine_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None = None,
    temperature: float = 0.1,
) -> torch.Tensor:
    """Return softmax(cos(q, k) / temperature) V.

    query: (…, L, d_k)
    key:   (…, S, d_k)
    value: (…, S, d_v)
        The leading dimensions are any number, none included, and the same for all three.
    mask:  boolean or 0/1 of any dtype, broadcastable to the scores (…, L, S);
        true (non-zero) means "this query may attend to this key". None hides nothing.
    temperature: what the cosines are divided by, from 0.01 to 2

    A zero vector, query or key, has the cosine 0 with everything.

    Returns (…, L, d_v), in the dtype and on the device of query.
    """
    raise NotImplementedError("your attention goes here")
