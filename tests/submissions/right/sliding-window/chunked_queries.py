# style: chunks of queries in a loop, each against the keys it can see, under a band
import torch


def sliding_window_attention(query, key, value, window_size):
    S, d = query.shape[-2:]
    chunk = max(window_size, 128)
    pieces = []
    for start in range(0, S, chunk):
        stop = min(start + chunk, S)
        first = max(0, start - window_size + 1)
        scores = query[..., start:stop, :] @ key[..., first:stop, :].transpose(-1, -2) / d**0.5
        i = torch.arange(start, stop, device=query.device)[:, None]
        j = torch.arange(first, stop, device=query.device)[None]
        scores = scores.masked_fill((j > i) | (i - j >= window_size), float("-inf"))
        pieces.append(torch.softmax(scores, -1) @ value[..., first:stop, :])
    return torch.cat(pieces, dim=-2)
