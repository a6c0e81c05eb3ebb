# twice-scaled-first-row: the scale is applied twice, to the query and to the scores; the mask's first row is used for every query
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
# named: scale-by-d, mask-of-one-row
import math
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    root = math.sqrt(query.shape[-1])
    query = query / root
    scores = torch.matmul(query, key.transpose(-1, -2)) / root
    if mask is not None:
        if mask.dim() >= 2:
            mask = mask[..., :1, :]
        scores = scores.masked_fill(mask == 0, -1e9)
    p = torch.softmax(scores, dim=-1)
    return torch.matmul(p, value)
