# value-from-key-unscaled-norm: the values come from the key projection; the scores are not scaled; a layer norm is put on the output
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
# named: key-for-value, extra-residual-or-norm, no-scale
import torch
import torch.nn as nn


class SelfAttention(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.q_linear = nn.Linear(dim, dim)
        self.k_linear = nn.Linear(dim, dim)
        self.v_linear = nn.Linear(dim, dim)
        self.norm = nn.LayerNorm(dim, elementwise_affine=False)

    def forward(self, x):
        q = self.q_linear(x)
        k = self.k_linear(x)
        v = self.k_linear(x)
        attn = torch.einsum("bqd,bkd->bqk", q, k).softmax(dim=-1)
        out = torch.einsum("bqk,bkd->bqd", attn, v)
        return self.norm(out)
