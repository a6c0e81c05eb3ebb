# power-precedence: divided by twice d_k, for "/ d_k * 0.5" was written instead of a power
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
# named: scale-power
import torch
from torch import Tensor


def scaled_dot_product_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
    d_k: int = query.size(-1)
    scores: Tensor = torch.matmul(query, key.mT) / d_k * 0.5
    if mask is not None:
        scores = scores.masked_fill(torch.logical_not(mask), torch.finfo(scores.dtype).min)
    weights: Tensor = torch.softmax(scores, dim=-1)
    return torch.matmul(weights, value)
