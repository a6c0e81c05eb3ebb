# vqk-late-mask-always-dropping: the fused rows are unpacked in the order value, query, key; the mask is applied after the softmax, so the weights no longer sum to one; dropout is active in eval too
# refused: yes
# check: test_is_projected_attention_within_x
# named: fused-order, mask-after-softmax, dropout-in-eval
import math
import torch
import torch.nn as nn
import torch.nn.functional as F


class MaskedSelfAttention(nn.Module):
    def __init__(self, hidden_dim: int, dropout_rate: float = 0.1):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.dropout_rate = dropout_rate
        self.proj = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.out = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x, attention_mask=None):
        v, q, k = self.proj(x).chunk(3, dim=-1)
        w = F.softmax(torch.matmul(q, k.mT) / math.sqrt(self.hidden_dim), dim=-1)
        if attention_mask is not None:
            w = torch.where(attention_mask.bool(), w, torch.zeros_like(w))
        w = F.dropout(w, p=self.dropout_rate, training=True)
        return self.out(torch.matmul(w, v))
