# view-split-added-padding-d: the heads are split by a view to (B, H, S, head_dim) without a transpose; the 0/1 padding mask is simply added to the scores; divided by head_dim without the square root
# refused: yes
# check: test_is_attention_to_the_past_in_every_head
# named: split-no-transpose, scale-other, mask-added
import torch
import torch.nn as nn


class CausalSelfAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        if hidden_dim % num_heads != 0:
            raise ValueError("hidden_dim not divisible")
        self.heads = num_heads
        self.head_dim = hidden_dim // num_heads
        self.values = nn.Linear(hidden_dim, hidden_dim)
        self.keys = nn.Linear(hidden_dim, hidden_dim)
        self.queries = nn.Linear(hidden_dim, hidden_dim)
        self.fc_out = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x, mask=None):
        N, seq_len, embed = x.shape
        values = self.values(x).view(N, self.heads, seq_len, self.head_dim)
        keys = self.keys(x).view(N, self.heads, seq_len, self.head_dim)
        queries = self.queries(x).view(N, self.heads, seq_len, self.head_dim)
        energy = torch.matmul(queries, keys.transpose(-2, -1)) / self.head_dim
        if mask is not None:
            energy = energy + mask.to(energy.dtype)
        causal = torch.tril(torch.ones(seq_len, seq_len, device=x.device))
        energy = energy.masked_fill(causal == 0, float("-1e20"))
        attention = self.dropout(torch.softmax(energy, dim=-1))
        out = torch.matmul(attention, values).transpose(1, 2).reshape(N, seq_len, embed)
        return self.fc_out(out)
