# kata: sdpa
# verdict: invalid_submission
# why: the name is there, but it holds a number
# says: scaled_dot_product_attention
scaled_dot_product_attention = 3.0
