# wrong-triangle-unscaled-noisy: the triangle is the wrong one, a position sees itself and the future; the scores are not scaled; dropout is active in eval too
# refused: yes
# check: test_is_attention_to_the_past_in_every_head
# named: triangle-upper, no-scale, dropout-in-eval
import torch
import torch.nn as nn
import torch.nn.functional as F


class CausalSelfAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        assert hidden_dim % num_heads == 0
        self.num_heads = num_heads
        self.dropout_rate = dropout_rate
        self.in_proj = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.out_proj = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x, attention_mask=None):
        B, S, D = x.shape
        H = self.num_heads
        q, k, v = [t.reshape(B, S, H, D // H).transpose(1, 2) for t in self.in_proj(x).chunk(3, dim=2)]
        w = torch.einsum("bhid,bhjd->bhij", q, k)
        past = torch.tril(torch.ones(S, S, device=x.device), diagonal=-1)
        w = w.masked_fill(past == 1, -1e9)
        if attention_mask is not None:
            w = w.masked_fill(attention_mask == 0, -1e9)
        w = F.dropout(F.softmax(w, dim=-1), self.dropout_rate)
        y = torch.einsum("bhij,bhjd->bihd", w, v)
        return self.out_proj(y.reshape(B, S, D))
