# kata: sdpa
# verdict: accepted | wrong_answer
# why: switches gradients off on import: harmless where each call sets its own mode
import torch

torch.set_grad_enabled(False)


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / query.size(-1) ** 0.5
    if mask is not None:
        scores = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min)
    return scores.softmax(dim=-1) @ value
