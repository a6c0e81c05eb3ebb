# SD01 no-scale: the scores are not divided by anything
# refused: yes
# check: test_is_attention_to_the_past_in_every_head
import torch
from torch import nn


class 因果注意力(nn.Module):
    def __init__(self, 宽度, 头数, 丢弃率=0.0):
        super().__init__()
        if 宽度 % 头数:
            raise ValueError("宽度必须是头数的倍数")
        self.头数 = 头数
        self.值 = nn.Linear(宽度, 宽度)
        self.键 = nn.Linear(宽度, 宽度)
        self.查询 = nn.Linear(宽度, 宽度)
        self.输出 = nn.Linear(宽度, 宽度)
        self.丢弃 = nn.Dropout(丢弃率)

    def 分头(self, 张量):
        return 张量.unflatten(-1, (self.头数, -1)).transpose(1, 2)

    def forward(self, 输入, 掩码=None):
        长, 宽 = 输入.shape[1:]
        查, 键, 值 = (self.分头(层(输入)) for 层 in (self.查询, self.键, self.值))
        分数 = 查 @ 键.transpose(-2, -1) / 1.0
        可见 = torch.ones(长, 长, device=输入.device).tril() > 0
        if 掩码 is not None:
            可见 = 可见 & (掩码 != 0)
        权重 = 分数.masked_fill(~可见, torch.finfo(分数.dtype).min).softmax(-1)
        权重 = 权重.masked_fill(~可见, 0.0)
        return self.输出((self.丢弃(权重) @ 值).transpose(1, 2).flatten(2))
