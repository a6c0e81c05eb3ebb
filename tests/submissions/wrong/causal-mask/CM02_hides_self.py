# CM02 hides-self: the diagonal is masked as well, the first token sees nothing
# refused: yes
# check: test_is_attention_to_the_past_in_every_head
import torch
from torch import nn


class CausalSelfAttention(nn.Module):
    def __init__(self, hidden_dim, num_heads, dropout_rate=0.0):
        super().__init__()
        assert hidden_dim % num_heads == 0
        self.h = num_heads
        self.d = hidden_dim // num_heads
        self.qkv = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.out_proj = nn.Linear(hidden_dim, hidden_dim)
        self.drop = nn.Dropout(dropout_rate)

    def forward(self, x, mask=None):
        B, S, D = x.shape
        q, k, v = self.qkv(x).view(B, S, 3, self.h, self.d).permute(2, 0, 3, 1, 4)
        att = q @ k.mT * self.d**-0.5
        # everything from the diagonal on is the future
        future = torch.triu(torch.ones(S, S, dtype=torch.bool, device=x.device))
        att = att.masked_fill(future, float("-inf"))
        if mask is not None:
            att = att.masked_fill(mask == 0, float("-inf"))
        att = self.drop(att.softmax(dim=-1))
        return self.out_proj((att @ v).transpose(1, 2).reshape(B, S, D))
