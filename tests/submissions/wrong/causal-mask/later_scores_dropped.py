# scores-dropped: dropout on the scores, before the softmax, instead of on the weights
# refused: yes
# check: test_each_weight_is_dropped_on_its_own_and_survivors_are_rescaled
# named: dropout-on-scores
import torch
import torch.nn as nn
import torch.nn.functional as F


class CausalSelfAttention(nn.Module):
    def __init__(self, d_model, h, dropout=0.0):
        super().__init__()
        assert d_model % h == 0
        self.h = h
        self.d_k = d_model // h
        self.linears = nn.ModuleList([nn.Linear(d_model, d_model) for _ in range(4)])
        self.dropout = nn.Dropout(p=dropout)

    def forward(self, x, mask=None):
        n, s = x.size(0), x.size(1)
        q, k, v = [l(x).view(n, s, self.h, self.d_k).transpose(1, 2) for l in self.linears[:3]]
        scores = torch.matmul(q, k.transpose(-2, -1)) / self.d_k ** 0.5
        scores = self.dropout(scores)
        subsequent = torch.triu(torch.ones(s, s, device=x.device, dtype=torch.uint8), diagonal=1) == 0
        scores = scores.masked_fill(~subsequent, -1e9)
        if mask is not None:
            scores = scores.masked_fill(mask == 0, -1e9)
        p_attn = F.softmax(scores, dim=-1)
        x = torch.matmul(p_attn, v).transpose(1, 2).contiguous().view(n, s, self.h * self.d_k)
        return self.linears[3](x)
