# kata: sdpa
# verdict: banned_call
# why: the kernel below the operator, which returns the row normalisers as well
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    attend = torch.ops.aten._scaled_dot_product_attention_math
    return attend(query, key, value, mask if mask is None else mask != 0)[0]
