# extra on-the-weights: the bias comes behind the softmax
# refused: yes
# check: test_weights_of_a_query_sum_to_one_over_the_keys
# named: bias-after-softmax
import torch
import torch.nn.functional as F


def head_slopes(n_heads, device=None):
    power = 2 ** (n_heads.bit_length() - 1)
    m = torch.pow(2.0, -8.0 / power * torch.arange(1, power + 1, device=device))
    if power < n_heads:
        between = torch.pow(2.0, -4.0 / power * torch.arange(1, 2 * (n_heads - power), 2, device=device))
        m = torch.cat((m, between))
    return m


def alibi_attention(query, key, value):
    n_heads, seq_len, head_dim = query.shape[1:]
    scores = (query * head_dim**-0.5).matmul(key.transpose(-1, -2))
    x = torch.arange(seq_len, device=query.device)
    relative = x[None, :] - x[:, None]
    m = head_slopes(n_heads, query.device)
    keep = torch.tril(torch.ones_like(scores, dtype=torch.bool))
    attn = F.softmax(torch.where(keep, scores, torch.finfo(scores.dtype).min), dim=-1)
    attn = attn * (m[None, :, None, None] * relative[None, None]).exp().type_as(attn)
    return attn.tril().matmul(value), attn
