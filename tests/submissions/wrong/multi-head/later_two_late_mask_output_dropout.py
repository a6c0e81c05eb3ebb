# late-mask-output-dropout: the mask is applied after the softmax, so the weights no longer sum to one; dropout on the output instead of on the weights
# refused: yes
# check: test_agrees_with_the_multi_head_layer_of_torch
# named: mask-after-softmax, dropout-elsewhere
import torch
import torch.nn as nn
import torch.nn.functional as F


class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, h, dropout=0.0):
        super().__init__()
        assert d_model % h == 0
        self.d_k = d_model // h
        self.h = h
        self.linears = nn.ModuleList([nn.Linear(d_model, d_model) for _ in range(4)])
        self.dropout = nn.Dropout(p=dropout)

    def forward(self, x, mask=None):
        nbatches = x.size(0)
        query, key, value = [
            lin(x).view(nbatches, -1, self.h, self.d_k).transpose(1, 2)
            for lin in self.linears[:3]
        ]
        scores = torch.matmul(query, key.transpose(-2, -1)) / self.d_k ** 0.5
        p_attn = F.softmax(scores, dim=-1)
        if mask is not None:
            p_attn = p_attn.masked_fill(mask == 0, 0)
        x = torch.matmul(p_attn, value)
        x = x.transpose(1, 2).contiguous().view(nbatches, -1, self.h * self.d_k)
        return self.dropout(self.linears[-1](x))
