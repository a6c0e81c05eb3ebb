# not-causal-no-projection: no causal mask is applied; there is no output projection
# refused: yes
# check: submission
# named: output-projection-missing, causal-rule-missing
import math
import torch
import torch.nn as nn
import torch.nn.functional as F


class CausalSelfAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        assert hidden_dim % num_heads == 0
        self.num_heads = num_heads
        self.d_k = hidden_dim // num_heads
        self.linear_q = nn.Linear(hidden_dim, hidden_dim)
        self.linear_k = nn.Linear(hidden_dim, hidden_dim)
        self.linear_v = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x, attention_mask=None):
        n = x.size(0)
        q = self.linear_q(x).view(n, -1, self.num_heads, self.d_k).transpose(1, 2)
        k = self.linear_k(x).view(n, -1, self.num_heads, self.d_k).transpose(1, 2)
        v = self.linear_v(x).view(n, -1, self.num_heads, self.d_k).transpose(1, 2)
        scores = torch.matmul(q, k.transpose(-2, -1)) / math.sqrt(self.d_k)
        if attention_mask is not None:
            scores = scores.masked_fill(attention_mask == 0, float("-inf"))
        attn = self.dropout(F.softmax(scores, dim=-1))
        return torch.matmul(attn, v).transpose(1, 2).contiguous().view(n, -1, self.num_heads * self.d_k)
