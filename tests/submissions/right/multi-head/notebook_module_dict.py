# style: notebook: other class name, ModuleDict, einsum over heads, prints, a demo with torch's own
# %%
import torch
import torch.nn as nn
import torch.nn.functional as F

print(torch.__version__)

INF = 1e9
BATCH, SEQ, DIM, HEADS = 2, 5, 12, 3


# %%
class MHA(nn.Module):
    def __init__(self, dim, heads, drop=0.0):
        super().__init__()
        if dim % heads != 0:
            raise ValueError("dim % heads != 0")
        self.heads = heads
        self.d = dim // heads
        self.proj = nn.ModuleDict(
            {n: nn.Linear(dim, dim) for n in ["query", "key", "value", "output"]}
        )
        self.drop = nn.Dropout(drop)

    def forward(self, x, m=None):
        b, s, _ = x.shape
        q = self.proj["query"](x).reshape(b, s, self.heads, self.d)
        k = self.proj["key"](x).reshape(b, s, self.heads, self.d)
        v = self.proj["value"](x).reshape(b, s, self.heads, self.d)
        w = torch.einsum("bihd,bjhd->bhij", q, k) / self.d**0.5
        if m is not None:
            w = w - INF * (m == 0).to(w.dtype)
        w = self.drop(w.softmax(-1))
        o = torch.einsum("bhij,bjhd->bihd", w, v).reshape(b, s, -1)
        return self.proj["output"](o)


# %%
if __name__ == "__main__":
    x = torch.randn(BATCH, SEQ, DIM)
    net = MHA(DIM, HEADS)
    q, k, v = (
        net.proj[n](x).view(BATCH, SEQ, HEADS, -1).transpose(1, 2)
        for n in ["query", "key", "value"]
    )
    ref = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
    print((net(x) - net.proj["output"](ref)).abs().max())
