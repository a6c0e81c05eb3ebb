# style: the temperature stands before the mask, is called tau, and the weights are returned too
import torch


def cosine_attention(queries, keys, values, tau=0.1, attn_mask=None, eps=1e-6):
    queries = queries / (queries.norm(dim=-1, keepdim=True) + eps)
    keys = keys / (keys.norm(dim=-1, keepdim=True) + eps)
    sim = queries @ keys.transpose(-1, -2)
    if attn_mask is not None:
        sim = sim.masked_fill(attn_mask.eq(0), -1e4)
    sim = sim / tau
    weights = torch.softmax(sim, dim=-1)
    return weights @ values, weights
