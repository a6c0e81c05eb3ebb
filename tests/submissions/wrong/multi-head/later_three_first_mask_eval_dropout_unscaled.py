# first-mask-eval-dropout-unscaled: the first example's mask is used for the whole batch; dropout is active in eval too; the scores are not scaled
# refused: yes
# check: test_is_attention_in_every_head_merged_and_projected
# named: no-scale, mask-of-the-first, dropout-in-eval
import torch
import torch.nn as nn
import torch.nn.functional as F


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        assert hidden_dim % num_heads == 0
        self.h = num_heads
        self.d = hidden_dim // num_heads
        self.rate = dropout_rate
        self.qkv_proj = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.out_proj = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x, attention_mask=None):
        B, S, D = x.shape
        q, k, v = self.qkv_proj(x).view(B, S, 3, self.h, self.d).permute(2, 0, 3, 1, 4)
        scores = torch.matmul(q, k.transpose(-1, -2))
        if attention_mask is not None:
            if attention_mask.dim() == 4:
                attention_mask = attention_mask[:1]
            scores = scores.masked_fill(attention_mask == 0, -1e9)
        p = F.dropout(torch.softmax(scores, dim=-1), self.rate, True)
        return self.out_proj(torch.matmul(p, v).transpose(1, 2).reshape(B, S, D))
