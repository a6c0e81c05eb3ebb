# extra: vectors are centred first, as for a correlation
# refused: yes
# check: test_is_softmax_of_cosines_times_value
# named: centred
import torch
import torch.nn.functional as F


def cosine_attention(query, key, value, mask=None, temperature=0.1):
    def direction(x):
        return F.normalize(x - x.mean(-1, keepdim=True), dim=-1)

    scores = torch.matmul(direction(query), direction(key).transpose(-2, -1)) / temperature
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    return torch.matmul(torch.softmax(scores, -1), value)
