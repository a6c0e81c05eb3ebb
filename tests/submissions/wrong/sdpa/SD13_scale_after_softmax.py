# SD13 scale-after-softmax: divides the weights by sqrt(d_k), not the scores
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
import math

import torch


def scaled_dot_product_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: "torch.Tensor | None" = None,
) -> torch.Tensor:
    scores = query @ key.transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(mask == 0, torch.finfo(query.dtype).min)
    weights = torch.softmax(scores, dim=-1) / math.sqrt(query.size(-1))
    return weights @ value
