# extra mask-of-the-first-block: scores are made in blocks of 64 keys, all with the first's mask
# refused: yes
# check: test_sequences_may_be_longer_than_any_buffer
import math

import torch


def scaled_dot_product_attention(query, key, value, mask=None, block=64):
    parts = []
    for begin in range(0, key.size(-2), block):
        some = key[..., begin : begin + block, :]
        scores = query @ some.transpose(-2, -1) / math.sqrt(query.size(-1))
        if mask is not None:
            scores = scores.masked_fill(mask[..., : some.size(-2)] == 0, -1e9)
        parts.append(scores)
    return torch.cat(parts, dim=-1).softmax(dim=-1) @ value
