# indivisible-rounded-down: where the heads do not divide hidden_dim the width is rounded down and a result is returned instead of an error
# refused: yes
# check: test_heads_that_do_not_divide_the_features_never_give_a_result
# named: indivisible-result
import torch
import torch.nn as nn


class MultiHeadAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        self.h = num_heads
        self.d = hidden_dim // num_heads
        inner = self.h * self.d
        self.q_proj = nn.Linear(hidden_dim, inner)
        self.k_proj = nn.Linear(hidden_dim, inner)
        self.v_proj = nn.Linear(hidden_dim, inner)
        self.out_proj = nn.Linear(inner, hidden_dim)
        self.dropout = nn.Dropout(dropout_rate)

    def heads(self, t):
        return t.unflatten(-1, (self.h, self.d)).transpose(1, 2)

    def forward(self, x, attention_mask=None):
        q, k, v = self.heads(self.q_proj(x)), self.heads(self.k_proj(x)), self.heads(self.v_proj(x))
        s = q.matmul(k.mT) * self.d ** -0.5
        if attention_mask is not None:
            s = s.masked_fill(attention_mask == 0, -1e9)
        w = self.dropout(s.softmax(-1))
        return self.out_proj(w.matmul(v).transpose(1, 2).flatten(2))
