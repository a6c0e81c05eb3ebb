# style: loralib: two of three projections are a subclass of Linear with low-rank parts that are left out at r = 0
import math

import torch
import torch.nn as nn
import torch.nn.functional as F


class LoRALayer:
    def __init__(self, r, lora_alpha):
        self.r = r
        self.lora_alpha = lora_alpha
        self.merged = False


class Linear(nn.Linear, LoRALayer):
    def __init__(self, in_features, out_features, r=0, lora_alpha=1, **kwargs):
        nn.Linear.__init__(self, in_features, out_features, **kwargs)
        LoRALayer.__init__(self, r=r, lora_alpha=lora_alpha)
        if r > 0:
            self.lora_A = nn.Parameter(self.weight.new_zeros((r, in_features)))
            self.lora_B = nn.Parameter(self.weight.new_zeros((out_features, r)))
            self.scaling = self.lora_alpha / self.r

    def forward(self, x):
        result = F.linear(x, self.weight, bias=self.bias)
        if self.r > 0 and not self.merged:
            result = result + (x @ self.lora_A.transpose(0, 1) @ self.lora_B.transpose(0, 1)) * self.scaling
        return result


class SelfAttention(nn.Module):
    def __init__(self, dim, r=0):
        super().__init__()
        self.q_proj = Linear(dim, dim, r=r)
        self.k_proj = nn.Linear(dim, dim)
        self.v_proj = Linear(dim, dim, r=r)

    def forward(self, x):
        q, k, v = self.q_proj(x), self.k_proj(x), self.v_proj(x)
        att = q @ k.transpose(-2, -1) / math.sqrt(x.size(-1))
        return att.softmax(-1) @ v
