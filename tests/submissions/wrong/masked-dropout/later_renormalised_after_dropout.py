# renormalised-after-dropout: the weights are normalised again after dropout
# refused: yes
# check: test_hidden_keys_stay_hidden_in_training
# named: renormalised
import torch
import torch.nn as nn


class MaskedSelfAttention(nn.Module):
    def __init__(self, hidden_dim, dropout_rate=0.1):
        super().__init__()
        self.in_proj = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.out_proj = nn.Linear(hidden_dim, hidden_dim)
        self.drop = nn.Dropout(dropout_rate)
        self.scale = hidden_dim ** 0.5

    def forward(self, x, attention_mask=None):
        q, k, v = self.in_proj(x).chunk(3, dim=-1)
        scores = torch.einsum("bqd,bkd->bqk", q, k) / self.scale
        if attention_mask is not None:
            scores = torch.where(attention_mask != 0, scores, torch.full_like(scores, -1e9))
        attn = self.drop(torch.softmax(scores, dim=-1))
        if self.training:
            attn = attn / attn.sum(dim=-1, keepdim=True).clamp_min(1e-9)
        return self.out_proj(torch.einsum("bqk,bkd->bqd", attn, v))
