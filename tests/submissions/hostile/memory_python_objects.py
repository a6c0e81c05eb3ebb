# kata: sdpa
# verdict: memory_limit
# why: the same with plain bytes: the error is a MemoryError, not torch's own
# says: memory
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    hoard = [bytes(1 << 26).replace(b'\x00', b'x') for _ in range(128)]
    return torch.zeros(*query.shape[:-1], value.size(-1)) + len(hoard[0]) * 0
