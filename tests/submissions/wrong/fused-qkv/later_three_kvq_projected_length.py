# kvq-projected-length: the fused rows are unpacked in the order key, value, query; a further output projection is applied; scaled by the sequence length instead of the width
# refused: yes
# check: test_its_weights_are_the_fused_projection_and_nothing_more
# named: extra-projection, split-order, scale-wrong-size
import math
import torch
import torch.nn as nn


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.qkv_proj = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.out_proj = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x):
        batch, n, dim = x.shape
        k, v, q = self.qkv_proj(x).reshape(batch, n, 3, dim).permute(2, 0, 1, 3)
        scores = q @ k.transpose(-2, -1) / math.sqrt(n)
        return self.out_proj(torch.softmax(scores, dim=-1) @ v)
