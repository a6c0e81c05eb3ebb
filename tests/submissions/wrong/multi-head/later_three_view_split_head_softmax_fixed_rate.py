# view-split-head-softmax-fixed-rate: the heads are split by a view to (B, H, S, head_dim) without a transpose; softmax over the heads; the rate of dropout is fixed at 0.5
# refused: yes
# check: test_is_attention_in_every_head_merged_and_projected
# named: softmax-over-heads, split-no-transpose, dropout-rate
import torch
import torch.nn as nn


class MultiHeadAttention(nn.Module):
    def __init__(self, dim, n_heads, dropout_rate=0.0):
        super().__init__()
        assert dim % n_heads == 0
        self.n_heads = n_heads
        self.q = nn.Linear(dim, dim)
        self.k = nn.Linear(dim, dim)
        self.v = nn.Linear(dim, dim)
        self.o = nn.Linear(dim, dim)
        self.softmax = nn.Softmax(dim=1)
        self.drop = nn.Dropout()

    def forward(self, x, mask=None):
        b, s, d = x.shape
        q, k, v = (f(x).view(b, self.n_heads, s, d // self.n_heads) for f in (self.q, self.k, self.v))
        z = q @ k.transpose(2, 3) * (d // self.n_heads) ** -0.5
        if mask is not None:
            z = z.masked_fill(mask == 0, -1e9)
        z = self.drop(self.softmax(z))
        y = (z @ v).permute(0, 2, 1, 3).reshape(b, s, d)
        return self.o(y)
