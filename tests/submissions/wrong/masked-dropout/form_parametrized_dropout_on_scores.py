# MD16 dropout-on-scores: dropout comes before the softmax
# refused: yes
# check: test_each_weight_is_dropped_on_its_own_and_survivors_are_rescaled
import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm


class Attention(nn.Module):
    def __init__(self, dim, attn_drop=0.1):
        super().__init__()
        self.q_proj = weight_norm(nn.Linear(dim, dim))
        self.k_proj = weight_norm(nn.Linear(dim, dim))
        self.v_proj = weight_norm(nn.Linear(dim, dim, bias=False))
        self.o_proj = weight_norm(nn.Linear(dim, dim))
        self.attn_drop = nn.Dropout(attn_drop)

    def forward(self, x, mask=None):
        q, k, v = self.q_proj(x), self.k_proj(x), self.v_proj(x)
        scores = q @ k.transpose(1, 2) / x.size(-1) ** 0.5
        if mask is not None:
            scores = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min)
        weights = self.attn_drop(scores).softmax(-1)
        return self.o_proj(weights @ v)
