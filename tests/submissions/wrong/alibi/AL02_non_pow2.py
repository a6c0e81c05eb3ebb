# AL02 non-pow2: 2^(−8k/H) for any number of heads
# refused: yes
# check: test_slopes_of_any_other_number_of_heads
# named: slopes-of-powers-only
import torch
import torch.nn.functional as F


def head_slopes(n_heads, device=None):
    power = n_heads
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
    scores = scores + (m[None, :, None, None] * relative[None, None]).type_as(scores)
    keep = torch.tril(torch.ones_like(scores, dtype=torch.bool))
    attn = F.softmax(torch.where(keep, scores, torch.finfo(scores.dtype).min), dim=-1)
    return attn.matmul(value), attn
