# kata: sdpa
# verdict: memory_limit
# why: 64 MiB at a time, up to 8 GiB
# says: memory
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    hoard = [torch.ones(16, 1024, 1024) for _ in range(128)]
    return torch.zeros(*query.shape[:-1], value.size(-1)) + hoard[0].sum() * 0
