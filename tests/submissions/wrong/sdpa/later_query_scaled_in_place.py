# query-scaled-in-place: the query is divided in place, which changes the caller's tensor (and raises on one that needs a gradient)
# refused: yes
# check: test_gradients_reach_query_key_and_value
# named: inputs-mutated
import math
import torch
import torch.nn.functional as F


def scaled_dot_product_attention(query, key, value, mask=None):
    query /= math.sqrt(query.size(-1))
    scores = query @ key.transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(mask == 0, float("-inf"))
    return F.softmax(scores, dim=-1) @ value
