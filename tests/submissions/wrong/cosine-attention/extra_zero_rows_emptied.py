# extra: NaN of zero vectors is swept out of the weights
# refused: yes
# check: test_a_zero_vector_is_like_nothing
# named: zero-row-emptied
import torch


def cosine_attention(query, key, value, mask=None, temperature=0.1):
    q = query / query.norm(dim=-1, keepdim=True)
    k = key / key.norm(dim=-1, keepdim=True)
    scores = q @ k.transpose(-2, -1) / temperature
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    weights = torch.softmax(scores, dim=-1)
    return torch.nan_to_num(weights) @ value
