# CO09 tau-shape: a temperature for each head is expected, of shape (H, 1, 1)
# refused: yes
# check: test_is_softmax_of_cosines_times_value
# named: temperature-as-tensor
import torch
import torch.nn.functional as F


def cosine_attention(query, key, value, mask=None, temperature=0.1):
    attn = F.normalize(query, dim=-1) @ F.normalize(key, dim=-1).transpose(-2, -1)
    attn = attn / temperature.view(-1, 1, 1)
    if mask is not None:
        attn = attn.masked_fill(mask == 0, float("-inf"))
    return attn.softmax(dim=-1) @ value
