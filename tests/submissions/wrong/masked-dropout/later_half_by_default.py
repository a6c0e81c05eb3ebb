# half-by-default: the rate is not handed to dropout, which then drops half
# refused: yes
# check: test_scores_are_divided_by_the_root_of_hidden_dim
# named: rate-hard-coded
import torch
import torch.nn as nn
import torch.nn.functional as F


class MaskedSelfAttention(nn.Module):
    def __init__(self, embed_dim, dropout_rate=0.1):
        super().__init__()
        self.embed_dim = embed_dim
        self.dropout_rate = dropout_rate
        self.qkv = nn.Linear(embed_dim, 3 * embed_dim, bias=False)
        self.o_proj = nn.Linear(embed_dim, embed_dim, bias=False)

    def forward(self, x, mask=None):
        b, n, e = x.shape
        q, k, v = self.qkv(x).view(b, n, 3, e).permute(2, 0, 1, 3)
        logits = q @ k.transpose(-2, -1) / e ** 0.5
        if mask is not None:
            logits = logits.masked_fill(mask == 0, -1e9)
        p = F.dropout(F.softmax(logits, dim=-1), training=self.training)
        return self.o_proj(p @ v)
