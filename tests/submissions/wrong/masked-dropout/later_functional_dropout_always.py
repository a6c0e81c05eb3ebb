# functional-dropout-always: dropout is active in eval too
# refused: yes
# check: test_nothing_is_dropped_in_eval_mode_or_at_rate_zero
# named: dropout-in-eval
import torch
import torch.nn as nn
import torch.nn.functional as F


class MaskedSelfAttention(nn.Module):
    def __init__(self, hidden_dim, dropout_rate=0.1):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.p = dropout_rate
        self.W_qkv = nn.Linear(hidden_dim, 3 * hidden_dim, bias=False)
        self.W_o = nn.Linear(hidden_dim, hidden_dim, bias=False)

    def forward(self, x, attention_mask=None):
        Q, K, V = torch.split(self.W_qkv(x), self.hidden_dim, dim=-1)
        S = torch.bmm(Q, K.transpose(1, 2)) * self.hidden_dim ** -0.5
        if attention_mask is not None:
            S = S.masked_fill(attention_mask == 0, -1e9)
        A = F.softmax(S, dim=-1)
        A = F.dropout(A, self.p)
        return self.W_o(torch.bmm(A, V))
