# kata: sdpa
# verdict: runtime_error
# why: its own definition hides the function it imported under the same name: endless recursion
# says: recursion
from torch.nn.functional import scaled_dot_product_attention


def scaled_dot_product_attention(query, key, value, mask=None):
    visible = mask if mask is None else mask != 0
    return scaled_dot_product_attention(query, key, value, visible)
