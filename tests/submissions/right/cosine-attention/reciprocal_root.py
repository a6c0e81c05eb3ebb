# style: rsqrt of the sum of squares, the scale multiplied on the query, an epsilon under the root
import torch


def unit(x, eps=1e-12):
    return x * torch.rsqrt(x.pow(2).sum(-1, keepdim=True) + eps)


def cosine_attention(Q, K, V, M=None, T=0.1):
    A = (unit(Q) * (1.0 / T)) @ unit(K).mT
    if M is not None:
        A = A.masked_fill(M == 0, torch.finfo(A.dtype).min)
    W = A.softmax(dim=-1)
    if M is not None:
        W = W * (M != 0).to(W.dtype)
    return W @ V
