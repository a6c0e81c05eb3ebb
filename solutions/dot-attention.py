"""Attention with nothing to learn: softmax(X Xᵀ) X.

Wang et al. 2018, "Non-local Neural Networks", equation 2, the Gaussian of dot products; and one
step of the memory in Ramsauer et al. 2020, "Hopfield Networks is All You Need", holding x itself.
"""

import torch
from torch import Tensor


def dot_attention(x: Tensor) -> Tensor:
    """Replace every token by a mean of all tokens, those that resemble it weighing most.

    x (B, S, D) → (B, S, D).
    """
    # Token i against token j: a number for each pair, and on the diagonal each one's own length.
    scores = x @ x.transpose(-2, -1)
    weights = torch.softmax(scores, dim=-1)
    return weights @ x
