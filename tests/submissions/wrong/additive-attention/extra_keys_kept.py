# extra keys-kept: projected once, for the first sentence
# refused: yes
# check: test_nothing_is_carried_over_between_calls
# named: keys-kept
import torch
from torch import nn


class AdditiveAttention(nn.Module):
    def __init__(self, decoder_dim, encoder_dim, attention_dim):
        super().__init__()
        self.decoder_att = nn.Linear(decoder_dim, attention_dim)
        self.encoder_att = nn.Linear(encoder_dim, attention_dim)
        self.full_att = nn.Linear(attention_dim, 1)
        self.softmax = nn.Softmax(dim=-1)

    def forward(self, decoder_hidden, encoder_keys, encoder_values, mask=None):
        if getattr(self, "att1", None) is None or self.att1.shape[:2] != encoder_keys.shape[:2]:
            self.att1 = self.encoder_att(encoder_keys)
        att1 = self.att1
        att2 = self.decoder_att(decoder_hidden)
        att = self.full_att(torch.tanh(att2.unsqueeze(2) + att1.unsqueeze(1))).squeeze(3)
        if mask is not None:
            att = att.masked_fill(mask == 0, -1e10)
        alpha = self.softmax(att)
        return (encoder_values.unsqueeze(1) * alpha.unsqueeze(-1)).sum(dim=2)
