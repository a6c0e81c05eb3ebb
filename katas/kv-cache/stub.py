"""Self-attention with a cache. Fill in both methods; then `kata grade kv-cache`."""

import torch
from torch import nn


class CachedSelfAttention(nn.Module):
    """Causal multi-head self-attention over a sequence that may come in pieces.

    The scale is √head_dim, head_dim = hidden_dim / num_heads. Fed in any pieces, a sequence gives
    what it gives when it is fed whole.
    """

    def __init__(self, hidden_dim: int, num_heads: int) -> None:
        """Create the projections; refuse a num_heads that does not divide hidden_dim."""
        super().__init__()
        raise NotImplementedError("your projections go here")

    def forward(self, x: torch.Tensor, cache=None):
        """Attend from the tokens of x to themselves and to all that came before.

        x: (B, T, hidden_dim), the next T ≥ 1 tokens of each of the B sequences
        cache: None at the beginning of a sequence, else whatever an earlier call returned; it is
            your own object, and it comes back as you returned it.

        Returns a pair: the output (B, T, hidden_dim), and the cache for the next call. Every cache
        ever returned has to stay good: it may be passed in again later, more than once.
        """
        raise NotImplementedError("your forward pass goes here")
