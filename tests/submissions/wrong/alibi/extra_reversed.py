# extra reversed: the last head is the steepest
# refused: yes
# check: test_slopes_of_a_power_of_two
# named: slopes-reversed
import math

import torch


def get_slopes(n):
    def power_of_2(n):
        start = 2 ** (-(2 ** -(math.log2(n) - 3)))
        return [start * start**i for i in range(n)]

    if math.log2(n).is_integer():
        return power_of_2(n)
    closest = 2 ** math.floor(math.log2(n))
    return power_of_2(closest) + get_slopes(2 * closest)[0::2][: n - closest]


def alibi_attention(query, key, value):
    b, h, s, d = query.shape
    slopes = torch.tensor(get_slopes(h)[::-1], device=query.device, dtype=query.dtype)
    alibi = slopes.view(h, 1, 1) * torch.arange(s, device=query.device).view(1, 1, s)
    future = torch.triu(torch.full((s, s), float("-inf"), device=query.device, dtype=query.dtype), 1)
    scores = torch.matmul(query, key.transpose(2, 3)) / math.sqrt(d)
    weights = torch.softmax(scores + (alibi + future), dim=-1)
    return torch.matmul(weights, value)
