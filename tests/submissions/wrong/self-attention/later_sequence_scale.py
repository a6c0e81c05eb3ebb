# sequence-scale: scaled by the square root of the sequence length instead of the width
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
# named: scale-wrong-size
import torch
import torch.nn as nn


class SelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.wq = nn.Linear(hidden_dim, hidden_dim)
        self.wk = nn.Linear(hidden_dim, hidden_dim)
        self.wv = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x):
        xq, xk, xv = self.wq(x), self.wk(x), self.wv(x)
        d = xk.shape[1]
        attn = torch.baddbmm(torch.zeros(1, 1, 1, device=x.device, dtype=xq.dtype), xq, xk.transpose(1, 2), alpha=d ** -0.5)
        return torch.bmm(attn.softmax(-1), xv)
