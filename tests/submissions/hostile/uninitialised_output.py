# kata: sdpa
# verdict: wrong_answer | runtime_error
# why: a lazy parameter, which has neither a shape nor data yet
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    return torch.nn.parameter.UninitializedParameter()
