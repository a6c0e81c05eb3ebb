# two: a fifth is added to every norm, and the mask comes after the softmax
# refused: yes
# check: test_lengths_have_no_influence
# named: epsilon-too-large, mask-after-softmax
import torch


def cosine_attention(query, key, value, mask=None, temperature=0.1):
    q = query / (query.norm(dim=-1, keepdim=True) + 0.2)
    k = key / (key.norm(dim=-1, keepdim=True) + 0.2)
    weights = torch.softmax(q @ k.transpose(-2, -1) / temperature, dim=-1)
    if mask is not None:
        weights = weights.masked_fill(mask == 0, 0.0)
    return weights @ value
