# CM12 mha-vs-sdpa-bool: takes attention_mask for a key_padding_mask, in which true means padding
# refused: yes
# check: test_the_first_token_attends_to_itself_alone
import math

import torch
import torch.nn as nn


class CausalSelfAttention(nn.Module):
    def __init__(self, d_model, nhead, dropout=0.0):
        super().__init__()
        assert d_model % nhead == 0
        self.nhead = nhead
        self.d_head = d_model // nhead
        self.q_proj = nn.Linear(d_model, d_model)
        self.k_proj = nn.Linear(d_model, d_model)
        self.v_proj = nn.Linear(d_model, d_model)
        self.out_proj = nn.Linear(d_model, d_model)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, attention_mask=None):
        S = x.shape[1]
        q = self.q_proj(x).unflatten(2, (self.nhead, self.d_head)).transpose(1, 2)
        k = self.k_proj(x).unflatten(2, (self.nhead, self.d_head)).transpose(1, 2)
        v = self.v_proj(x).unflatten(2, (self.nhead, self.d_head)).transpose(1, 2)
        # as in nn.Transformer: True positions are not allowed to attend
        ignore = torch.triu(torch.ones(S, S, dtype=torch.bool, device=x.device), diagonal=1)
        if attention_mask is not None:
            ignore = ignore | attention_mask.bool()
        scores = torch.matmul(q, k.transpose(-2, -1)) / math.sqrt(self.d_head)
        scores = scores.masked_fill(ignore, -1e9)
        weights = self.dropout(torch.softmax(scores, dim=-1))
        return self.out_proj(torch.matmul(weights, v).transpose(1, 2).flatten(2))
