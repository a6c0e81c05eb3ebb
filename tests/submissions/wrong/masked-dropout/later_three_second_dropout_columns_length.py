# second-dropout-columns-length: dropout on the output as well as on the weights; softmax over the queries; scaled by the sequence length instead of the width
# refused: yes
# check: test_is_projected_attention_within_x
# named: dropout-besides|dropout-elsewhere, softmax-over-queries, scale-wrong-size
import math
import torch
import torch.nn as nn
import torch.nn.functional as F


class MaskedSelfAttention(nn.Module):
    def __init__(self, hidden_dim, dropout_rate=0.1):
        super().__init__()
        self.qkv = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.proj = nn.Linear(hidden_dim, hidden_dim)
        self.attn_drop = nn.Dropout(dropout_rate)
        self.resid_drop = nn.Dropout(dropout_rate)

    def forward(self, x, attention_mask=None):
        B, N, C = x.shape
        q, k, v = self.qkv(x).reshape(B, N, 3, C).permute(2, 0, 1, 3).unbind(0)
        attn = (q @ k.transpose(-2, -1)) / math.sqrt(N)
        if attention_mask is not None:
            attn = attn.masked_fill(attention_mask == 0, -1e9)
        attn = self.attn_drop(F.softmax(attn, dim=1))
        x = self.proj(attn @ v)
        return self.resid_drop(x)
