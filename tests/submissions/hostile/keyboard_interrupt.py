# kata: sdpa
# verdict: runtime_error
# why: the interrupt is the candidate's own: it may not stop the judge
# says: keyboardinterrupt
def scaled_dot_product_attention(query, key, value, mask=None):
    raise KeyboardInterrupt
