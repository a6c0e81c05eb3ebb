# kata: sdpa
# verdict: runtime_error | wrong_answer
# why: goes through NumPy, where a tensor that asks for a gradient cannot go
import numpy as np
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query.numpy() @ np.swapaxes(key.numpy(), -2, -1) / query.size(-1) ** 0.5
    if mask is not None:
        scores = np.where(mask.numpy(), scores, -1e9)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return torch.from_numpy(weights / weights.sum(-1, keepdims=True) @ value.numpy())
