# MD03 weak-fill: hidden scores are set to -10
# refused: yes
# check: test_attends_where_the_mask_is_true
import torch
from torch import nn


class MaskedAttention(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        width = cfg["emb_dim"]
        self.width = width
        self.W_qkv = nn.Linear(width, 3 * width, bias=cfg["qkv_bias"])
        self.out_proj = nn.Linear(width, width)
        self.dropout = nn.Dropout(cfg.get("drop_rate", 0.1))

    def forward(self, x, mask=None):
        q, k, v = self.W_qkv(x).split(self.width, dim=-1)
        scores = torch.einsum("bid,bjd->bij", q, k) / self.width**0.5
        if mask is not None:
            scores = scores.masked_fill(mask == 0, -10.0)
        weights = self.dropout(scores.softmax(dim=-1))
        return self.out_proj(torch.einsum("bij,bjd->bid", weights, v))
