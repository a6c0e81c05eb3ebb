# style: einsum for both products
import torch


def dot_attention(x):
    scores = torch.einsum("bid,bjd->bij", x, x)
    return torch.einsum("bij,bjd->bid", scores.softmax(-1), x)
