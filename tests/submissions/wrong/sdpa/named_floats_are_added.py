# floats-are-added: boolean masks hide, others are added
# refused: yes
# check: test_a_mask_of_ones_and_zeros_means_the_same_in_any_dtype
# named: mask-added-for-numbers|mask-added
import torch
from torch import nn


class Attention(nn.Module):
    def scale(self, q):
        return q.shape[-1] ** 0.5

    def forward(self, q, k, v, mask=None):
        logits = q.matmul(k.transpose(-2, -1)) / self.scale(q)
        if mask is not None:
            logits = logits.masked_fill(~mask, -1e9) if mask.dtype == torch.bool else logits + mask
        w = logits.softmax(-1)
        return w.matmul(v)
