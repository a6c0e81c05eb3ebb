# kata: sdpa
# verdict: accepted | time_limit
# why: sets torch's threads and seeds; the answer is right, only the clock may mind the threads
import random

import torch

torch.set_num_threads(8)
torch.manual_seed(0)
random.seed(0)


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / query.size(-1) ** 0.5
    if mask is not None:
        scores = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min)
    return scores.softmax(dim=-1) @ value
