# kata: sdpa
# verdict: wrong_answer | runtime_error
# why: hands the value back, cut or repeated to the right length: a view of an input
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    rows = torch.arange(query.size(-2)) % value.size(-2)
    return value if query.size(-2) == value.size(-2) else value[..., rows, :]
