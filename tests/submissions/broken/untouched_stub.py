# kata: sdpa
# verdict: runtime_error | invalid_submission
# why: nothing has been written yet
def scaled_dot_product_attention(query, key, value, mask=None):
    """Return softmax(QKᵀ/√d_k)V."""
    raise NotImplementedError
