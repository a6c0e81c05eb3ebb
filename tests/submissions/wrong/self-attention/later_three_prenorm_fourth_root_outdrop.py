# prenorm-fourth-root-outdrop: the input goes through a layer norm first; divided by the fourth root of the width; dropout of 0.1 on the output in training
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
# named: input-normalised, scale-power, extra-dropout
import torch
import torch.nn as nn
import torch.nn.functional as F


class SelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.q_proj = nn.Linear(hidden_dim, hidden_dim)
        self.k_proj = nn.Linear(hidden_dim, hidden_dim)
        self.v_proj = nn.Linear(hidden_dim, hidden_dim)
        self.drop = nn.Dropout(0.1)

    def forward(self, x):
        h = F.layer_norm(x, x.shape[-1:])
        q = self.q_proj(h) * self.hidden_dim ** -0.25
        k = self.k_proj(h)
        v = self.v_proj(h)
        attn = torch.softmax(torch.matmul(q, k.mT), dim=-1)
        return self.drop(torch.matmul(attn, v))
