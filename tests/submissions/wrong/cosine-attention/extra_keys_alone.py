# extra: only the keys are normalised
# refused: yes
# check: test_is_softmax_of_cosines_times_value
# named: one-side-normalised
import torch


def cosine_attention(q, k, v, mask=None, tau=0.1):
    k = k * (k.pow(2).sum(-1, keepdim=True) + 1e-12).rsqrt()
    logits = (q @ k.transpose(-2, -1)) / tau
    if mask is not None:
        logits = torch.where(mask != 0, logits, torch.tensor(-1e9))
    p = (logits - logits.amax(-1, keepdim=True)).exp()
    return (p / p.sum(-1, keepdim=True)) @ v
