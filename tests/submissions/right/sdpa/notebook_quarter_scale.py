# style: notebook export: q and k scaled by d**-0.25 each, torch.where, a first try kept, a demo
# %%
import torch
import torch.nn.functional as F


# %% first try, kept to compare
def attention_v0(q, k, v, mask=None):
    return F.softmax(q @ k.transpose(-2, -1), dim=-1) @ v


# %% the real thing
def scaled_dot_product_attention(query, key, value, mask=None):
    s = query.size(-1) ** -0.25
    scores = (query * s) @ (key * s).transpose(-2, -1)
    if mask is not None:
        scores = torch.where(mask.bool(), scores, float("-inf"))
    return F.softmax(scores, dim=-1) @ value


# %%
if __name__ == "__main__":
    q, k, v = torch.randn(2, 4, 8), torch.randn(2, 6, 8), torch.randn(2, 6, 3)
    mask = torch.rand(2, 4, 6) > 0.3
    mine = scaled_dot_product_attention(q, k, v, mask)
    theirs = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    print("max difference", (mine - theirs).abs().max().item())
