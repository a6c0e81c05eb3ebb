# value-width-scale: the scale uses the width of value instead of the width of query
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
# named: scale-wrong-axis
import torch

def scaled_dot_product_attention(Q, K, V, mask=None):
    d = V.shape[-1]
    S = Q.matmul(K.transpose(-2, -1)) / torch.sqrt(torch.tensor(d, dtype=Q.dtype, device=Q.device))
    if mask is not None:
        S = S.masked_fill(mask == 0, -1e9)
    A = S.softmax(-1)
    return A.matmul(V)
