# plus-one-fourth-root-key: one is added to the denominator of the softmax; divided by the fourth root of d_k; key is detached and gets no gradient
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
# named: denominator-with-epsilon, scale-power, gradient-cut
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    k = key.detach()
    s = torch.einsum("...qc,...kc->...qk", query, k) * query.shape[-1] ** -0.25
    if mask is not None:
        s = s.masked_fill(mask == 0, -1e9)
    s = s - s.max(dim=-1, keepdim=True).values
    e = s.exp()
    w = e / (1 + e.sum(dim=-1, keepdim=True))
    return torch.einsum("...qk,...kc->...qc", w, value)
