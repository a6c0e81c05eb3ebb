# mask-lost-kqv: the masked scores are thrown away, so the mask has no effect; the fused rows are unpacked in the order key, query, value
# refused: yes
# check: test_is_projected_attention_within_x
# named: query-key-swapped, mask-ignored
import torch
import torch.nn as nn
import torch.nn.functional as F


class MaskedSelfAttention(nn.Module):
    def __init__(self, n_embd, dropout=0.1):
        super().__init__()
        self.n_embd = n_embd
        self.c_attn = nn.Linear(n_embd, 3 * n_embd)
        self.c_proj = nn.Linear(n_embd, n_embd)
        self.attn_dropout = nn.Dropout(dropout)

    def forward(self, x, attention_mask=None):
        k, q, v = self.c_attn(x).split(self.n_embd, dim=2)
        att = (q @ k.transpose(-2, -1)) * (self.n_embd ** -0.5)
        if attention_mask is not None:
            att.masked_fill(attention_mask == 0, float('-inf'))
        att = self.attn_dropout(F.softmax(att, dim=-1))
        return self.c_proj(att @ v)
