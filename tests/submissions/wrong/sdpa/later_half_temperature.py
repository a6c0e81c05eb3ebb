# half-temperature: a temperature of one half is left over
# refused: yes
# check: test_is_softmax_of_scaled_scores_times_value
# named: scale-power
import math

import torch


def scaled_dot_product_attention(query, key, value, mask=None, temperature=0.5):
    logits = query.matmul(key.mT) / (temperature * math.sqrt(query.shape[-1]))
    if mask is not None:
        logits = logits + (mask == 0).to(logits.dtype) * -1e9
    return logits.softmax(dim=-1).matmul(value)
