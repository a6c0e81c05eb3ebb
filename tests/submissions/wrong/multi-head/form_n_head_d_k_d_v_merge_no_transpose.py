# MH01 merge-no-transpose: the heads are merged with their features in the wrong order
# refused: yes
# check: test_is_attention_in_every_head_merged_and_projected
import torch
import torch.nn as nn
import torch.nn.functional as F


class ScaledDotProductAttention(nn.Module):
    def __init__(self, temperature, attn_dropout=0.1):
        super().__init__()
        self.temperature = temperature
        self.dropout = nn.Dropout(attn_dropout)

    def forward(self, q, k, v, mask=None):
        attn = torch.matmul(q / self.temperature, k.transpose(2, 3))
        if mask is not None:
            attn = attn.masked_fill(mask == 0, -1e9)
        attn = self.dropout(F.softmax(attn, dim=-1))
        return torch.matmul(attn, v), attn


class MultiHeadAttention(nn.Module):
    def __init__(self, n_head, d_model, d_k, d_v, dropout=0.1):
        super().__init__()
        self.n_head, self.d_k, self.d_v = n_head, d_k, d_v
        self.w_qs = nn.Linear(d_model, n_head * d_k, bias=False)
        self.w_ks = nn.Linear(d_model, n_head * d_k, bias=False)
        self.w_vs = nn.Linear(d_model, n_head * d_v, bias=False)
        self.fc = nn.Linear(n_head * d_v, d_model, bias=False)
        self.attention = ScaledDotProductAttention(temperature=d_k**0.5, attn_dropout=dropout)

    def forward(self, q, k, v, mask=None):
        B, L = q.size(0), q.size(1)
        q = self.w_qs(q).view(B, L, self.n_head, self.d_k).transpose(1, 2)
        k = self.w_ks(k).view(B, k.size(1), self.n_head, self.d_k).transpose(1, 2)
        v = self.w_vs(v).view(B, v.size(1), self.n_head, self.d_v).transpose(1, 2)
        out, attn = self.attention(q, k, v, mask=mask)
        out = out.permute(0, 2, 3, 1).contiguous().view(B, L, -1)
        return self.fc(out), attn
