# style: base 2: log2(e) in the scale and exp2, as the kernels do
import math

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) * (math.log2(math.e) / math.sqrt(query.size(-1)))
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    top = scores.amax(dim=-1, keepdim=True)
    log_sum = top + torch.log2(torch.exp2(scores - top).sum(dim=-1, keepdim=True))
    weights = torch.exp2(scores - log_sum)
    return weights @ value
