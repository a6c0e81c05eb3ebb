# CO07 zero-vector: no epsilon below the norms
# refused: yes
# check: test_a_zero_vector_is_like_nothing
# named: zero-vector
import torch


def cosine_attention(query, key, value, mask=None, temperature=0.1):
    dots = torch.einsum("...id,...jd->...ij", query, key)
    lengths = torch.einsum("...i,...j->...ij", query.norm(dim=-1), key.norm(dim=-1))
    scores = dots / lengths / temperature
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    return torch.softmax(scores, dim=-1) @ value
