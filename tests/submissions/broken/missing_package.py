# kata: sdpa
# verdict: invalid_submission
# why: imports a package that is not installed here
# says: d2l
import torch
from d2l import torch as d2l


def scaled_dot_product_attention(query, key, value, mask=None):
    return d2l.masked_softmax(query @ torch.transpose(key, -2, -1), mask) @ value
