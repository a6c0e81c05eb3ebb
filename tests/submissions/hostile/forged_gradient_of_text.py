# kata: sdpa
# verdict: runtime_error | wrong_answer
# why: sends words where gradients belong: nonsense is the candidate's fault, not the judge's
import math

import grader.worker.life as life

honest = life.answer


def forged(loaded, request, recorder=None):
    reply = honest(loaded, request, recorder)
    for result in reply["results"]:
        if "gradients" in result:
            result["gradients"] = {"values": {"input query": "steep"}}
    return reply


life.answer = forged


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.size(-1))
    if mask is not None:
        scores = scores.masked_fill(mask == 0, -1e9)
    return scores.softmax(dim=-1) @ value
