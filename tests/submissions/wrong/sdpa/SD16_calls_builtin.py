# SD16 calls-builtin: lets torch's own operator do the work
# refused: yes
# check: test_computes_attention_itself
import torch.nn.functional as F


def scaled_dot_product_attention(query, key, value, mask=None):
    if mask is not None:
        mask = mask.bool()
    return F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
