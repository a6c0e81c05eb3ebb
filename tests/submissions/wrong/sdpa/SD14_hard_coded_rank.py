# SD14 hard-coded-rank: torch.bmm and transpose(1, 2) only know three dimensions
# refused: yes
# check: test_context_has_a_row_per_query_and_a_column_per_value
import math

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    batch_size, seq_len, d_k = query.size()
    scores = torch.bmm(query, key.transpose(1, 2)) / math.sqrt(d_k)
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    weights = torch.softmax(scores, dim=2)
    return torch.bmm(weights, value)
