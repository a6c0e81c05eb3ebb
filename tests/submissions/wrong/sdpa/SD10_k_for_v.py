# SD10 k-for-v: the weights are applied to the keys, the values are never read
# refused: yes
# check: test_context_has_a_row_per_query_and_a_column_per_value
import math

import torch


def scaled_dot_product_attention(Q, K, V, mask=None):
    # step 1: scores
    S = Q @ K.transpose(-1, -2)
    # step 2: scale
    S = S / math.sqrt(K.shape[-1])
    # step 3: mask
    if mask is not None:
        S = S.masked_fill(mask == 0, torch.finfo(S.dtype).min)
    # step 4: normalise
    A = torch.softmax(S, dim=-1)
    # step 5: gather
    return A @ K
