# style: lucidrains: one bias-free to_qkv, chunk, scale = dim ** -0.5, einsum
from torch import einsum, nn


class SelfAttention(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.scale = dim**-0.5
        self.to_qkv = nn.Linear(dim, dim * 3, bias=False)
        self.attend = nn.Softmax(dim=-1)

    def forward(self, x):
        q, k, v = self.to_qkv(x).chunk(3, dim=-1)
        dots = einsum("b i d, b j d -> b i j", q, k) * self.scale
        attn = self.attend(dots)
        return einsum("b i j, b j d -> b i d", attn, v)
