# kata: sdpa
# verdict: invalid_submission
# why: one line is indented by a tab, the next by spaces
# says: line
def scaled_dot_product_attention(query, key, value, mask=None):
	scores = query @ key.transpose(-2, -1)
        return scores.softmax(dim=-1) @ value
