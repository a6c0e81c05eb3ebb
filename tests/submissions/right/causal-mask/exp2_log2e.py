# style: base 2: log2(e) in the scale and exp2, as the kernels do
import math

import torch
from torch import nn


class CausalSelfAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        if hidden_dim % num_heads:
            raise ValueError("num_heads must divide hidden_dim")
        self.num_heads = num_heads
        self.qkv = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.out_proj = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x, attention_mask=None):
        batch, seq, width = x.shape
        qkv = self.qkv(x).view(batch, seq, 3, self.num_heads, width // self.num_heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-2, -1) * (math.log2(math.e) / math.sqrt(q.size(-1)))
        visible = torch.ones(seq, seq, dtype=torch.bool, device=x.device).tril()
        if attention_mask is not None:
            visible = visible & (attention_mask != 0)
        scores = scores.masked_fill(~visible, torch.finfo(scores.dtype).min)
        top = scores.amax(dim=-1, keepdim=True)
        log_sum = top + torch.log2(torch.exp2(scores - top).sum(dim=-1, keepdim=True))
        weights = torch.exp2(scores - log_sum)
        context = self.dropout(weights) @ v
        return self.out_proj(context.transpose(1, 2).reshape(batch, seq, width))
