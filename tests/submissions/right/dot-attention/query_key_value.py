# style: a function of query, key and value, each of which is x
import torch
import torch.nn.functional as F


def dot_attention(query, key, value):
    weights = F.softmax(torch.bmm(query, key.transpose(1, 2)), dim=2)
    return torch.bmm(weights, value)
