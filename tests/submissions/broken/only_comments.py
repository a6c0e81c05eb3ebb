# kata: sdpa
# verdict: invalid_submission
# why: a file with an import and no definition
# says: scaled_dot_product_attention
# query @ key, then softmax, then value
import torch  # noqa: F401
