# kata: sdpa
# verdict: runtime_error
# why: reads address 0: the process dies, the judge does not
# says: seg
import ctypes


def scaled_dot_product_attention(query, key, value, mask=None):
    return ctypes.string_at(0)
