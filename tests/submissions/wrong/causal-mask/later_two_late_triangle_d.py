# late-triangle-d: the causal mask multiplies the weights after the softmax, so they no longer sum to one; divided by head_dim without the square root
# refused: yes
# check: test_is_attention_to_the_past_in_every_head
# named: mask-after-softmax, scale-other
import torch
import torch.nn as nn
import torch.nn.functional as F


class CausalSelfAttention(nn.Module):
    def __init__(self, dim, heads, dropout=0.0):
        super().__init__()
        if dim % heads != 0:
            raise ValueError("heads must divide dim")
        self.heads = heads
        self.head_dim = dim // heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.out = nn.Linear(dim, dim)
        self.p = dropout

    def forward(self, x, mask=None):
        b, n, d = x.shape
        q, k, v = self.qkv(x).reshape(b, n, 3, self.heads, self.head_dim).transpose(1, 3).unbind(2)
        s = torch.matmul(q, k.transpose(-1, -2)) / self.head_dim
        if mask is not None:
            s = torch.where(mask.bool(), s, torch.full_like(s, -1e9))
        w = F.softmax(s, dim=-1)
        w = w * torch.tril(torch.ones(n, n, device=w.device, dtype=w.dtype))
        w = F.dropout(w, self.p, self.training)
        return self.out(torch.matmul(w, v).transpose(1, 2).reshape(b, n, d))
