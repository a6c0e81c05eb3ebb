# no-grad-weights: the attention weights are computed without gradient, so query and key get none
# refused: yes
# check: test_gradients_reach_query_key_and_value
# named: gradient-cut
import torch
import torch.nn.functional as F


def attention_weights(q, k, mask):
    with torch.no_grad():
        s = torch.einsum("...id,...jd->...ij", q, k) * q.shape[-1] ** -0.5
        if mask is not None:
            s = s.masked_fill(~mask.bool(), -torch.finfo(s.dtype).max)
        return F.softmax(s, dim=-1)


def scaled_dot_product_attention(query, key, value, mask=None):
    w = attention_weights(query, key, mask)
    return torch.einsum("...ij,...jd->...id", w, value)
