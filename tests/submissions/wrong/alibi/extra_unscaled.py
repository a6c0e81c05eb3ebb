# extra unscaled: no √d
# refused: yes
# check: test_scores_are_divided_by_the_root_of_d
# named: no-scale
import torch


def slopes(heads, like):
    n = 1
    while 2 * n <= heads:
        n *= 2
    return like.new_tensor(
        [0.5 ** (8 * (h + 1) / n) if h < n else 0.5 ** (4 * (2 * (h - n) + 1) / n) for h in range(heads)]
    )


def alibi_attention(query, key, value):
    B, H, S, d = query.shape
    m = slopes(H, query).view(1, H, 1, 1).expand(B, H, S, 1)
    j = torch.arange(S, device=key.device).to(key.dtype).view(1, 1, S, 1).expand(B, H, S, 1)
    scores = torch.cat((query, m), -1) @ torch.cat((key, j), -1).transpose(-2, -1)
    later = torch.ones(S, S, dtype=torch.bool, device=query.device).triu(diagonal=1)
    return torch.softmax(scores.masked_fill(later, float("-inf")), -1) @ value
