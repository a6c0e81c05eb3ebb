# MD05 mask-drops-scale: with a mask, the unscaled scores are filled and go on
# refused: yes
# check: test_scores_are_divided_by_the_root_of_hidden_dim
import math

import torch
import torch.nn as nn


class MaskedSelfAttention(nn.Module):
    def __init__(self, hidden_dim, dropout_rate=0.1):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.proj = nn.Linear(hidden_dim, hidden_dim * 3)
        self.output_proj = nn.Linear(hidden_dim, hidden_dim)
        self.att_drop = nn.Dropout(dropout_rate)

    def forward(self, X, attention_mask=None):
        QKV = self.proj(X)
        Q, K, V = torch.split(QKV, self.hidden_dim, dim=-1)
        energy = torch.bmm(Q, K.transpose(1, 2))
        scaled = energy / math.sqrt(self.hidden_dim)
        if attention_mask is not None:
            scaled = energy.masked_fill(attention_mask == 0, -1e20)
        att_weight = torch.softmax(scaled, dim=-1)
        att_weight = self.att_drop(att_weight)
        return self.output_proj(torch.bmm(att_weight, V))
