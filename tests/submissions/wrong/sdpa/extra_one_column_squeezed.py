# extra one-column-squeezed: a context of one column loses that axis
# refused: yes
# check: test_context_has_a_row_per_query_and_a_column_per_value
import math

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.size(-1))
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    weights = torch.softmax(scores, dim=-1)
    context = weights @ value
    return context.squeeze(-1) if value.size(-1) == 1 else context
