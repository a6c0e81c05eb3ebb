# dropout-in-eval-only: dropout is active in eval and not in training
# refused: yes
# check: test_hidden_keys_stay_hidden_in_training
# named: dropout-in-eval
import math
import torch
import torch.nn as nn
import torch.nn.functional as F


class MaskedSelfAttention(nn.Module):
    def __init__(self, hidden_dim, dropout_rate=0.1):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.dropout_rate = dropout_rate
        self.fused_proj = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.output_proj = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x, attention_mask=None):
        # project and split
        query, key, value = self.fused_proj(x).split(self.hidden_dim, dim=-1)

        # scores and mask
        scores = torch.bmm(query, key.transpose(1, 2)) / math.sqrt(self.hidden_dim)
        if attention_mask is not None:
            scores = scores.masked_fill(attention_mask.bool().logical_not(), float("-inf"))

        # weights
        weights = F.softmax(scores, dim=-1)
        weights = F.dropout(weights, p=self.dropout_rate, training=not self.training)

        return self.output_proj(torch.bmm(weights, value))
