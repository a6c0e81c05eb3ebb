# CO02 v-normalised: the values are normalised as well
# refused: yes
# check: test_is_softmax_of_cosines_times_value
# named: values-normalised
import torch
import torch.nn.functional as F


def cosine_attention(query, key, value, mask=None, temperature=0.1):
    q, k, v = (F.normalize(t, dim=-1) for t in (query, key, value))
    sim = torch.matmul(q, k.transpose(-1, -2)) / temperature
    if mask is not None:
        sim = sim.masked_fill(mask == 0, float("-inf"))
    return torch.matmul(sim.softmax(dim=-1), v)
