# SD11 naive-exp: exp / sum without subtracting the maximum, inf / inf from logits of 89 on
# refused: yes
# check: test_hidden_keys_stay_hidden_when_their_scores_dominate
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = torch.matmul(query, key.mT) * query.shape[-1] ** -0.5
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    exp = torch.exp(scores)
    weights = exp / exp.sum(dim=-1, keepdim=True)
    return torch.matmul(weights, value)
