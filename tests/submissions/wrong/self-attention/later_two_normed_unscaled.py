# normed-unscaled: a layer norm is put on the output; the scores are not scaled
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
# named: extra-residual-or-norm, no-scale
import torch
import torch.nn as nn
import torch.nn.functional as F


class SelfAttention(nn.Module):
    def __init__(self, d_model):
        super().__init__()
        self.d_model = d_model
        self.w_q = nn.Linear(d_model, d_model)
        self.w_k = nn.Linear(d_model, d_model)
        self.w_v = nn.Linear(d_model, d_model)

    def forward(self, x):
        q, k, v = (f(x) for f in (self.w_q, self.w_k, self.w_v))
        weights = F.softmax(torch.einsum("bid,bjd->bij", q, k), dim=-1)
        out = torch.einsum("bij,bjd->bid", weights, v)
        return F.layer_norm(out, (self.d_model,))
