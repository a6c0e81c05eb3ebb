# SA13 scale-d_model-vs-head: scale of an eighth of the width, copied from a layer with 8 heads
# refused: yes
# check: test_is_attention_among_projections_of_one_sequence
import torch
import torch.nn as nn
import torch.nn.functional as F

NUM_HEADS = 8


class SelfAttention(nn.Module):
    def __init__(self, d_model):
        super().__init__()
        self.w_q = nn.Linear(d_model, d_model)
        self.w_k = nn.Linear(d_model, d_model)
        self.w_v = nn.Linear(d_model, d_model)
        d_head = d_model / NUM_HEADS
        self.scale = d_head**-0.5

    def forward(self, x):
        q, k, v = self.w_q(x), self.w_k(x), self.w_v(x)
        scores = torch.einsum("bqd,bkd->bqk", q, k) * self.scale
        return F.softmax(scores, dim=-1) @ v
