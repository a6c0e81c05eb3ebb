# three-products-unscaled-turned: three products with pieces of the fused weight instead of one product; the scores are not scaled; the weights are transposed before they sum the values
# refused: yes
# check: test_x_is_projected_by_one_product
# named: weights-transposed, no-scale, sliced-weight
import torch
import torch.nn as nn


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.qkv = nn.Linear(hidden_dim, 3 * hidden_dim, bias=False)

    def forward(self, x):
        w_q, w_k, w_v = self.qkv.weight.chunk(3, dim=0)
        q = x @ w_q.T
        k = x @ w_k.T
        v = x @ w_v.T
        attn = torch.softmax(torch.einsum("bid,bjd->bij", q, k), dim=-1)
        return torch.einsum("bji,bjd->bid", attn, v)
