# kata: multi-head
# verdict: invalid_submission | runtime_error
# why: refuses sizes that are valid: the assertion is the wrong way round
# says: heads must divide
from torch import nn


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        assert num_heads % hidden_dim == 0, "heads must divide"
        self.num_heads = num_heads
        self.qkv_proj = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.output_proj = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x, attention_mask=None):
        query, key, value = (
            part.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
            for part in self.qkv_proj(x).chunk(3, dim=-1)
        )
        scores = query @ key.transpose(-2, -1) / query.size(-1) ** 0.5
        if attention_mask is not None:
            scores = scores.masked_fill(attention_mask == 0, -1e9)
        weights = self.dropout(scores.softmax(dim=-1))
        return self.output_proj((weights @ value).transpose(1, 2).flatten(2))
