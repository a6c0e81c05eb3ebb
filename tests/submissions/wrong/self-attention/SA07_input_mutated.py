# SA07 input-mutated: "saves memory" by scaling the caller's x in place; the output is right
# refused: yes
# check: test_gradients_reach_x_and_every_projection
from torch import nn


class SelfAttention(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.wq = nn.Linear(dim, dim, bias=False)
        self.wk = nn.Linear(dim, dim, bias=False)
        self.wv = nn.Linear(dim, dim)
        self.root = dim**0.25

    def forward(self, x):
        v = self.wv(x.clone())
        # without a bias, scaling x scales q and k, so the scores need no division
        x /= self.root
        q = self.wq(x)
        k = self.wk(x)
        return (q @ k.transpose(-2, -1)).softmax(dim=-1) @ v
