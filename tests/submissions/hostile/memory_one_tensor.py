# kata: sdpa
# verdict: memory_limit
# why: asks for 64 GiB at once, and does not touch it
# says: memory
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    hoard = torch.empty(1 << 34)
    return torch.zeros(*query.shape[:-1], value.size(-1)) + hoard[0] * 0
