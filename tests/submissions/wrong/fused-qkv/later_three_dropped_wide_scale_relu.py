# dropped-wide-scale-relu: dropout of 0.1 on the weights in training, where this layer has none; scaled by the square root of 3D; a ReLU is put on the values
# refused: yes
# check: test_is_what_three_separate_projections_give
# named: extra-dropout, scale-wrong-size, activation-on-projections
import torch
import torch.nn as nn
import torch.nn.functional as F


class FusedSelfAttention(nn.Module):
    def __init__(self, hidden_dim):
        super().__init__()
        self.out_features = 3 * hidden_dim
        self.qkv = nn.Linear(hidden_dim, self.out_features)
        self.attn_dropout = nn.Dropout(p=0.1)

    def forward(self, x):
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        v = F.relu(v)
        w = q @ k.transpose(-2, -1) / self.out_features ** 0.5
        w = self.attn_dropout(w.softmax(dim=-1))
        return w @ v
