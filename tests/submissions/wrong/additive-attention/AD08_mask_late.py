# AD08 mask-late: weights are zeroed after the softmax
# refused: yes
# check: test_attending_under_a_mask_is_attending_to_the_visible_keys_alone
# named: mask-after-softmax
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
        att1 = self.encoder_att(encoder_keys)
        att2 = self.decoder_att(decoder_hidden)
        att = self.full_att(torch.tanh(att2.unsqueeze(2) + att1.unsqueeze(1))).squeeze(3)
        alpha = self.softmax(att)
        if mask is not None:
            alpha = alpha * (mask != 0)
        return (encoder_values.unsqueeze(1) * alpha.unsqueeze(-1)).sum(dim=2)
