# mask-inverted: the mask is read the wrong way round, true means hidden
# refused: yes
# check: test_scores_are_divided_by_the_root_of_d_k
# named: mask-inverted
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    scale = query.shape[-1] ** -0.5
    attn = (query * scale) @ key.transpose(-1, -2)

    if mask is not None:
        attn = attn.masked_fill(mask.bool(), torch.finfo(attn.dtype).min)

    attn = attn.softmax(dim=-1)
    return attn @ value
