# extra: the norms are computed without a graph
# refused: yes
# check: test_gradients_reach_query_key_and_value
# named: length-detached
import torch


def cosine_attention(query, key, value, mask=None, temperature=0.1):
    with torch.no_grad():
        qn = query.norm(dim=-1, keepdim=True).clamp_min(1e-8)
        kn = key.norm(dim=-1, keepdim=True).clamp_min(1e-8)
    scores = (query / qn) @ (key / kn).transpose(-2, -1) / temperature
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    return torch.softmax(scores, dim=-1) @ value
