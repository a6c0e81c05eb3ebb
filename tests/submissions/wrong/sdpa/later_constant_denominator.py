# constant-denominator: the denominator of the softmax is detached, so gradients of query and key are wrong
# refused: yes
# check: test_gradients_reach_query_key_and_value
# named: denominator-detached
import torch


def scaled_dot_product_attention(Q, K, V, M=None):
    A = Q @ K.transpose(-1, -2) / Q.shape[-1] ** 0.5
    if M is not None:
        A = A.masked_fill(M == 0, -1e9)
    m = A.amax(-1, keepdim=True).detach()
    E = (A - m).exp()
    Z = E.sum(-1, keepdim=True).detach()
    return (E / Z) @ V
