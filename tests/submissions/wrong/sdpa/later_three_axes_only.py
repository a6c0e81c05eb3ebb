# three-axes-only: works on inputs of three axes only, any other number of leading dims raises
# refused: yes
# check: test_context_has_a_row_per_query_and_a_column_per_value
# named: hard-coded-rank
import math
import torch
import torch.nn as nn


class DotProductAttention(nn.Module):
    """Scaled dot product attention."""

    def __init__(self):
        super().__init__()

    def forward(self, queries, keys, values, mask=None):
        d = queries.shape[-1]
        scores = torch.bmm(queries, keys.transpose(1, 2)) / math.sqrt(d)
        if mask is not None:
            scores = scores.masked_fill(mask == 0, -1e6)
        self.attention_weights = nn.functional.softmax(scores, dim=-1)
        return torch.bmm(self.attention_weights, values)
