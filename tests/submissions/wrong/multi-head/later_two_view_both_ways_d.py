# view-both-ways-d: the heads are split by a view to (B, H, S, head_dim) and merged the same way, never transposed; scaled by the square root of hidden_dim instead of head_dim
# refused: yes
# check: test_is_attention_in_every_head_merged_and_projected
# named: split-no-transpose, scale-d-model
import torch
import torch.nn as nn
import torch.nn.functional as F


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        assert hidden_dim % num_heads == 0
        self.hidden_dim = hidden_dim
        self.num_heads = num_heads
        self.head_dim = hidden_dim // num_heads
        self.wq = nn.Linear(hidden_dim, hidden_dim)
        self.wk = nn.Linear(hidden_dim, hidden_dim)
        self.wv = nn.Linear(hidden_dim, hidden_dim)
        self.wo = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x, attention_mask=None):
        B, S, D = x.shape
        q = self.wq(x).view(B, self.num_heads, S, self.head_dim)
        k = self.wk(x).view(B, self.num_heads, S, self.head_dim)
        v = self.wv(x).view(B, self.num_heads, S, self.head_dim)
        a = torch.matmul(q, k.transpose(-2, -1)) / self.hidden_dim ** 0.5
        if attention_mask is not None:
            a = a.masked_fill(attention_mask == 0, -1e9)
        a = self.dropout(F.softmax(a, dim=-1))
        return self.wo(torch.matmul(a, v).view(B, S, D))
