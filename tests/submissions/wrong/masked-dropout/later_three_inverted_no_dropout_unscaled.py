# inverted-no-dropout-unscaled: the mask is read the wrong way round, true means hidden; dropout is built and never applied; the scores are not scaled
# refused: yes
# check: test_is_projected_attention_within_x
# named: no-scale, mask-inverted, no-dropout
import torch
import torch.nn as nn


class MaskedSelfAttention(nn.Module):
    def __init__(self, hidden_dim, dropout_rate=0.1):
        super().__init__()
        self.q_linear = nn.Linear(hidden_dim, hidden_dim)
        self.k_linear = nn.Linear(hidden_dim, hidden_dim)
        self.v_linear = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)
        self.out = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x, attention_mask=None):
        q, k, v = self.q_linear(x), self.k_linear(x), self.v_linear(x)
        scores = torch.matmul(q, k.transpose(-2, -1))
        if attention_mask is not None:
            scores = scores.masked_fill(attention_mask == 1, -1e9)
        weights = torch.softmax(scores, dim=-1)
        return self.out(torch.matmul(weights, v))
