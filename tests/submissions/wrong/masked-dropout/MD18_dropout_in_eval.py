# MD18 dropout-in-eval: F.dropout drops in eval mode too, unless it is told about training
# refused: yes
# check: test_nothing_is_dropped_in_eval_mode_or_at_rate_zero
import torch
import torch.nn.functional as F
from torch import nn


class MaskedSelfAttention(nn.Module):
    def __init__(self, hidden_dim, dropout_rate=0.1):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.dropout_rate = dropout_rate
        self.w_q = nn.Linear(hidden_dim, hidden_dim)
        self.w_k = nn.Linear(hidden_dim, hidden_dim)
        self.w_v = nn.Linear(hidden_dim, hidden_dim)
        self.w_o = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x, attention_mask=None):
        q, k, v = self.w_q(x), self.w_k(x), self.w_v(x)
        scores = torch.matmul(q, k.transpose(-2, -1)) * self.hidden_dim**-0.5
        if attention_mask is not None:
            scores = scores.masked_fill(attention_mask == 0, -1e9)
        attention = F.dropout(F.softmax(scores, dim=-1), p=self.dropout_rate)
        return self.w_o(torch.matmul(attention, v))
