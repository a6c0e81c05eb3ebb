# style: notebook: fused qkv, an output weight of an unusual name, float32 softmax, a demo
# %%
import torch
import torch.nn.functional as F
from torch import nn


# %%
class MaskedSelfAttention(nn.Module):
    def __init__(self, dim, rate=0.1):
        super().__init__()
        self.dim = dim
        self.qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.mix = nn.Linear(dim, dim)
        self.do = nn.Dropout(rate)

    def forward(self, x, keep=None):
        qkv = self.qkv(x)
        d = self.dim
        q, k, v = qkv[:, :, 0:d], qkv[:, :, d : 2 * d], qkv[:, :, 2 * d : 3 * d]
        att = torch.einsum("bqd,bkd->bqk", q, k) * d**-0.5
        if keep is not None:
            att = att.masked_fill(torch.eq(keep, 0), -1e9)
        att = F.softmax(att, dim=-1, dtype=torch.float32).to(v.dtype)
        out = torch.einsum("bqk,bkd->bqd", self.do(att), v)
        return self.mix(out)


# %%
if __name__ == "__main__":
    net = MaskedSelfAttention(8).eval()
    x = torch.randn(2, 5, 8)
    mask = torch.ones(5, 5).tril().bool()
    q, k, v = net.qkv(x).chunk(3, dim=-1)
    ref = net.mix(F.scaled_dot_product_attention(q, k, v, attn_mask=mask))
    print("close to torch:", torch.allclose(net(x, mask), ref, atol=1e-5))
