# bool-only-query-dropout: a mask that is not boolean is ignored; dropout on the query instead of on the weights
# refused: yes
# check: test_a_mask_of_ones_and_zeros_means_the_same_in_any_dtype
# named: mask-must-be-bool, dropout-on-queries
import torch
import torch.nn as nn
import torch.nn.functional as F


class MaskedSelfAttention(nn.Module):
    def __init__(self, hidden_dim, dropout_rate=0.1):
        super().__init__()
        self.q_proj = nn.Linear(hidden_dim, hidden_dim)
        self.k_proj = nn.Linear(hidden_dim, hidden_dim)
        self.v_proj = nn.Linear(hidden_dim, hidden_dim)
        self.o_proj = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)
        self.hidden_dim = hidden_dim

    def forward(self, x, attention_mask=None):
        q = self.dropout(self.q_proj(x))
        k = self.k_proj(x)
        v = self.v_proj(x)
        w = q @ k.transpose(1, 2) / self.hidden_dim ** 0.5
        if attention_mask is not None and attention_mask.dtype is torch.bool:
            w = w.masked_fill(~attention_mask, -1e9)
        return self.o_proj(F.softmax(w, dim=-1) @ v)
