# kata: sdpa
# verdict: wrong_answer | runtime_error
# why: the right shape and no data at all
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    return torch.empty(*query.shape[:-1], value.size(-1), device="meta")
