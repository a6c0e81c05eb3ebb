# batch-one-lost: a batch of one loses its batch axis in the output
# refused: yes
# check: test_x_is_projected_by_one_product
# named: squeezed
import torch
import torch.nn as nn


class FusedSelfAttention(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.w = nn.Parameter(torch.randn(n, 3 * n) * n ** -0.5)
        self.n = n

    def forward(self, x):
        q, k, v = (x @ self.w).split(self.n, -1)
        a = (q @ k.transpose(1, 2) * self.n ** -0.5).softmax(-1)
        return (a @ v).squeeze(0)
