# padding-on-rows: the padding mask is transposed and hides the queries' rows instead of the keys
# refused: yes
# check: test_agrees_with_the_multi_head_layer_of_torch
# named: mask-transposed
import torch
from torch import nn


class CausalSelfAttention(nn.Module):
    def __init__(self, dim: int, num_heads: int, dropout_rate: float = 0.0):
        super().__init__()
        if dim % num_heads:
            raise ValueError("dim must be divisible by num_heads")
        self.num_heads = num_heads
        self.scale = (dim // num_heads) ** -0.5
        self.to_qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.to_out = nn.Linear(dim, dim)
        self.dropout = nn.Dropout(dropout_rate)

    def forward(self, x, attention_mask=None):
        b, n, d = x.shape
        q, k, v = (t.view(b, n, self.num_heads, -1).transpose(1, 2) for t in self.to_qkv(x).chunk(3, dim=-1))
        sim = torch.einsum("bhid,bhjd->bhij", q, k) * self.scale
        allowed = torch.ones(n, n, dtype=torch.bool, device=x.device).tril()
        if attention_mask is not None:
            allowed = allowed & attention_mask.bool().transpose(-1, -2)
        sim = sim.masked_fill(~allowed, -1e9)
        attn = self.dropout(sim.softmax(dim=-1))
        return self.to_out(torch.einsum("bhij,bhjd->bihd", attn, v).reshape(b, n, d))
