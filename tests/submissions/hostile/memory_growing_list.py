# kata: sdpa
# verdict: memory_limit
# why: 256 MiB at a time, up to 16 GiB, of which it touches next to nothing
# says: memory
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    hoard = [torch.empty(1 << 26) for _ in range(64)]
    return torch.zeros(*query.shape[:-1], value.size(-1)) + hoard[0][0] * 0
