# kata: sdpa
# verdict: accepted | runtime_error | wrong_answer
# why: new tensors have no data from now on: that may hurt the candidate, never the grader
import torch

torch.set_default_device("meta")


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / query.size(-1) ** 0.5
    if mask is not None:
        scores = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min)
    return scores.softmax(dim=-1) @ value
