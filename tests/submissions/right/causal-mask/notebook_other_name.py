# style: notebook: other class name, ModuleDict, unflatten, prints, a demo with is_causal=True
# %%
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

print("torch", torch.__version__)
torch.manual_seed(0)

NEG = -1e9
see_past = lambda n, device: torch.ones(n, n, dtype=torch.bool, device=device).tril()  # noqa: E731


# %%
class MaskedMultiHead(nn.Module):
    def __init__(self, dim, heads, drop=0.0):
        super().__init__()
        assert dim % heads == 0
        self.heads = heads
        names = ["query", "key", "value", "output"]
        self.proj = nn.ModuleDict({name: nn.Linear(dim, dim) for name in names})
        self.drop = nn.Dropout(drop)

    def qkv(self, x):
        return [
            self.proj[name](x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for name in ("query", "key", "value")
        ]

    def forward(self, x, mask=None):
        q, k, v = self.qkv(x)
        s = q @ k.mT / math.sqrt(q.shape[-1])
        s = torch.where(see_past(x.shape[1], x.device), s, NEG)
        if mask is not None:
            s = torch.where(mask.bool(), s, NEG)
        a = self.drop(F.softmax(s, dim=-1))
        return self.proj["output"]((a @ v).transpose(1, 2).flatten(2))


# %%
if __name__ == "__main__":
    net = MaskedMultiHead(12, 3)
    x = torch.randn(2, 7, 12)
    ref = F.scaled_dot_product_attention(*net.qkv(x), is_causal=True)
    print((net(x) - net.proj["output"](ref.transpose(1, 2).flatten(2))).abs().max())
