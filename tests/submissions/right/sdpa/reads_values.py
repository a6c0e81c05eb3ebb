# style: looks at values on the way: assertions, a guard against NaN, a mask that is looked at first
import math

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    assert not torch.isnan(query).any(), "NaN in the queries"
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.size(-1))
    visible = torch.ones(scores.shape, dtype=torch.bool, device=scores.device)
    if mask is not None and (mask == 0).any():
        visible = visible & (mask != 0)
    scores = scores.masked_fill(~visible, torch.finfo(scores.dtype).min)
    weights = torch.softmax(scores, dim=-1) * visible
    if bool(weights.isnan().any()):
        weights = weights.nan_to_num()
    return weights @ value
