# softmax-over-queries: softmax over the queries instead of the keys
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
# named: softmax-over-queries
import math
import torch
from typing import Optional
from torch import Tensor


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Optional[Tensor] = None
) -> Tensor:
    """softmax(Q K^T / sqrt(d_k)) V"""
    d_k = query.size(-1)
    logits = torch.einsum("...qd,...kd->...qk", query, key) / math.sqrt(d_k)
    if mask is not None:
        logits = torch.where(mask != 0, logits, torch.full_like(logits, -1e9))
    attn = torch.softmax(logits, dim=-2)
    return torch.einsum("...qk,...kd->...qd", attn, value)
