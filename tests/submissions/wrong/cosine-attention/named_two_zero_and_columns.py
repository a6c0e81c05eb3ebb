# two: zero vectors give NaN, and the softmax runs over the queries
# refused: yes
# check: test_a_zero_vector_is_like_nothing
# named: zero-vector, softmax-over-queries
import torch


def cosine_attention(query, key, value, mask=None, temperature=0.1):
    q, k = (x / x.norm(dim=-1, keepdim=True) for x in (query, key))
    scores = torch.einsum("...id,...jd->...ij", q, k) / temperature
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    return torch.softmax(scores, dim=-2) @ value
