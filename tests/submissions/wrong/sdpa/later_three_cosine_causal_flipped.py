# cosine-causal-flipped: query and key are normalised to length one before the scores; a causal mask is applied though none was asked for; the mask is read the wrong way round, true means hidden
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
# named: causal-by-habit, cosine-scores, mask-inverted
import torch
import torch.nn.functional as F


def scaled_dot_product_attention(query, key, value, mask=None):
    L, S, d = query.shape[-2], key.shape[-2], query.shape[-1]
    q = F.normalize(query, p=2, dim=-1)
    k = F.normalize(key, p=2, dim=-1)
    scores = q @ k.transpose(-2, -1) / d ** 0.5
    tri = torch.ones(L, S, dtype=torch.bool, device=query.device).tril()
    scores = scores.masked_fill(~tri, -1e9)
    if mask is not None:
        scores = scores.masked_fill(mask.bool(), -1e9)
    return F.softmax(scores, dim=-1) @ value
