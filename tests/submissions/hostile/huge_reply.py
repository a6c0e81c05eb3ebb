# kata: sdpa
# verdict: wrong_answer | memory_limit | runtime_error
# why: one number expanded to 3 GB: the shape has to be looked at before anything is copied
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    return torch.zeros(1).expand(800, 1_000_000)
