# SD03 scale-multiplied: multiplied by the root of d_k
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
import torch
from torch import nn


class SelfAttention(nn.Module):
    def __init__(self, d_model: int, device=None, dtype=None):
        super().__init__()
        self.d_model = d_model
        shape = (d_model, d_model)
        self.q_proj_weight = nn.Parameter(torch.empty(shape, device=device, dtype=dtype))
        self.k_proj_weight = nn.Parameter(torch.empty(shape, device=device, dtype=dtype))
        self.v_proj_weight = nn.Parameter(torch.empty(shape, device=device, dtype=dtype))
        for weight in (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            nn.init.trunc_normal_(weight, std=0.1)

    def forward(self, x):
        q = torch.einsum("...i,oi->...o", x, self.q_proj_weight)
        k = torch.einsum("...i,oi->...o", x, self.k_proj_weight)
        v = torch.einsum("...i,oi->...o", x, self.v_proj_weight)
        scores = torch.einsum("...qd,...kd->...qk", q, k) * self.d_model**0.5
        return torch.einsum("...qk,...kd->...qd", scores.softmax(dim=-1), v)
