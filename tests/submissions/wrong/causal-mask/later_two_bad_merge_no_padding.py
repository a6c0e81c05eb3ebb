# bad-merge-no-padding: the heads are merged by a reshape without transposing back; the padding mask is taken and never used
# refused: yes
# check: test_is_attention_to_the_past_in_every_head
# named: merge-no-transpose, padding-ignored
import torch
import torch.nn as nn
import torch.nn.functional as F


class CausalSelfAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        if hidden_dim % num_heads != 0:
            raise ValueError("hidden_dim must be divisible by num_heads")
        self.hidden_dim = hidden_dim
        self.num_heads = num_heads
        self.head_dim = hidden_dim // num_heads
        self.qkv_proj = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.output_proj = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x, attention_mask=None):
        batch, seq, _ = x.shape
        q, k, v = self.qkv_proj(x).split(self.hidden_dim, dim=-1)
        q = q.view(batch, seq, self.num_heads, self.head_dim).transpose(1, 2)
        k = k.view(batch, seq, self.num_heads, self.head_dim).transpose(1, 2)
        v = v.view(batch, seq, self.num_heads, self.head_dim).transpose(1, 2)
        scores = torch.matmul(q, k.transpose(-2, -1)) / self.head_dim ** 0.5
        causal = torch.triu(torch.full((seq, seq), float("-inf"), device=x.device, dtype=x.dtype), diagonal=1)
        weights = F.softmax(scores + causal, dim=-1)
        context = torch.matmul(self.dropout(weights), v)
        return self.output_proj(context.reshape(batch, seq, self.hidden_dim))
