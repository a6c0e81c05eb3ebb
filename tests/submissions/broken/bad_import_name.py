# kata: sdpa
# verdict: invalid_submission
# why: imports a name that torch does not have
# says: scaled_softmax
from torch.nn.functional import scaled_softmax


def scaled_dot_product_attention(query, key, value, mask=None):
    return scaled_softmax(query @ key.transpose(-2, -1)) @ value
