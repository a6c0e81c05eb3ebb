# style: einsum, exponents as a tensor, softmax written out
import torch


def alibi_attention(q, k, v):
    H, n = q.shape[1], q.shape[2]
    p = 1 << (H.bit_length() - 1)
    e = torch.cat([torch.arange(1, p + 1) * 8 / p, (torch.arange(1, H - p + 1) * 2 - 1) * 4 / p])
    m = torch.exp2(-e).to(q)
    i = torch.arange(n).to(q)
    s = torch.einsum("bhid,bhjd->bhij", q, k) * q.shape[-1] ** -0.5
    s = s - torch.einsum("h,ij->hij", m, i[:, None] - i[None, :])
    s = s.masked_fill(i[None, :] > i[:, None], float("-inf"))
    w = (s - s.amax(-1, keepdim=True)).exp()
    return torch.einsum("bhij,bhjd->bhid", w / w.sum(-1, keepdim=True), v)
