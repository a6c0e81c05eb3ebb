# naive-exp: exponentials are taken without subtracting the maximum and overflow on large scores
# refused: yes
# check: test_hidden_keys_stay_hidden_when_their_scores_dominate
# named: naive-exp
import torch


def my_softmax(t):
    e = torch.exp(t)
    return e / e.sum(dim=-1, keepdim=True)


def scaled_dot_product_attention(query, key, value, mask=None):
    d_k = query.shape[-1]
    scores = torch.matmul(query, key.transpose(-1, -2)) / d_k ** 0.5
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    return torch.matmul(my_softmax(scores), value)
