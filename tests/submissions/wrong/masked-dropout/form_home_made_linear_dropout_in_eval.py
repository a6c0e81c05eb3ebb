# MD18 dropout-in-eval: the rate is used without asking for the mode
# refused: yes
# check: test_nothing_is_dropped_in_eval_mode_or_at_rate_zero
import torch
import torch.nn.functional as F
from torch import nn


class Linear(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out_features, in_features))
        self.bias = nn.Parameter(torch.zeros(1, 1, out_features))
        nn.init.trunc_normal_(self.weight, std=0.02)

    def forward(self, x):
        return F.linear(x, self.weight) + self.bias


class SelfAttentionWithMask(nn.Module):
    def __init__(self, in_features, out_features, dropout_p=0.1):
        super().__init__()
        self.q_proj = Linear(in_features, out_features)
        self.k_proj = Linear(in_features, out_features)
        self.v_proj = Linear(in_features, out_features)
        self.output_proj = Linear(out_features, out_features)
        self.dropout_p = dropout_p

    def forward(self, x, mask=None):
        q, k, v = self.q_proj(x), self.k_proj(x), self.v_proj(x)
        scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5
        if mask is not None:
            scores = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min)
        weights = F.dropout(scores.softmax(-1), self.dropout_p, True)
        return self.output_proj(weights @ v)
