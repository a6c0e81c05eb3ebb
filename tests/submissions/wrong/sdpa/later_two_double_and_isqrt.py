# double-and-isqrt: computed in float64 and returned in float64; the square root of d_k is rounded down to an integer
# refused: yes
# check: test_context_has_a_row_per_query_and_a_column_per_value
# named: result-in-another-dtype, scale-rounded
import math
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    # go to double for stability
    query, key, value = query.double(), key.double(), value.double()

    root = int(math.sqrt(query.shape[-1]))
    scores = query @ key.transpose(-2, -1) / root

    if mask is not None:
        scores = torch.where(mask.bool(), scores, float("-inf"))

    scores = scores - scores.amax(dim=-1, keepdim=True)
    exp = scores.exp()
    return (exp / exp.sum(-1, keepdim=True)) @ value
