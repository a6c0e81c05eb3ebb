# strict-past-residual: a position does not see itself, the triangle starts one below the diagonal; the input is added as a residual
# refused: yes
# check: test_is_attention_to_the_past_in_every_head
# named: residual-inside, hides-self
import torch
import torch.nn as nn


class CausalSelfAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        assert hidden_dim % num_heads == 0
        self.num_heads = num_heads
        self.wq = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.wk = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.wv = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.wo = nn.Linear(hidden_dim, hidden_dim, bias=False)
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x, attention_mask=None):
        B, S, D = x.shape
        d = D // self.num_heads
        q, k, v = (w(x).view(B, S, self.num_heads, d).transpose(1, 2) for w in (self.wq, self.wk, self.wv))
        scores = torch.matmul(q, k.transpose(2, 3)) * d ** -0.5
        blocked = torch.triu(torch.ones(S, S, device=x.device)).bool()
        scores = scores.masked_fill(blocked, -1e9)
        if attention_mask is not None:
            scores = scores.masked_fill(attention_mask == 0, -1e9)
        probs = self.dropout(torch.softmax(scores, dim=-1))
        return x + self.wo(torch.matmul(probs, v).transpose(1, 2).reshape(B, S, D))
