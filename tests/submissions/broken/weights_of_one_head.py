# kata: multi-head
# verdict: invalid_submission
# why: its projections have the size of one head only
# says: query_proj
from torch import nn


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        head_dim = hidden_dim // num_heads
        self.query_proj = nn.Linear(hidden_dim, head_dim)
        self.key_proj = nn.Linear(hidden_dim, head_dim)
        self.value_proj = nn.Linear(hidden_dim, head_dim)
        self.output_proj = nn.Linear(head_dim, hidden_dim)

    def forward(self, x, attention_mask=None):
        query, key, value = self.query_proj(x), self.key_proj(x), self.value_proj(x)
        weights = (query @ key.transpose(-2, -1) / query.size(-1) ** 0.5).softmax(dim=-1)
        return self.output_proj(weights @ value)
