# FQ04 split-wrong-dim: the split runs over the tokens
# refused: yes
# check: test_output_has_the_shape_of_x
import torch
from torch import nn


class FusedSelfAttention(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.to_qkv = nn.Conv1d(channels, channels * 3, kernel_size=1)

    def forward(self, x):
        q, k, v = self.to_qkv(x.transpose(1, 2)).chunk(3, dim=-1)
        scores = torch.bmm(q, k.transpose(1, 2)) * x.shape[-1] ** -0.5
        return torch.bmm(scores.softmax(dim=-1), v)
