# kata: multi-head
# verdict: invalid_submission
# why: a function, where the kata asks for a layer
# says: multiheadattention
import torch


def multi_head_attention(x, attention_mask=None):
    return torch.softmax(x @ x.transpose(-2, -1), dim=-1) @ x
