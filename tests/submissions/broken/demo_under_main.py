# kata: sdpa
# verdict: accepted
# why: a comparison with torch's own attention that only runs as a script is no offence
import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.transpose(-2, -1) / query.size(-1) ** 0.5
    if mask is not None:
        scores = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min)
    return scores.softmax(dim=-1) @ value


if __name__ == "__main__":
    x = torch.randn(2, 3, 4)
    truth = torch.nn.functional.scaled_dot_product_attention(x, x, x)
    print(torch.allclose(scaled_dot_product_attention(x, x, x), truth))
