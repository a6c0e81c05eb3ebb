"""What is true: PyTorch's own operators in float64, never a second hand-written copy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from grader.exchange.layout import Projection, Weights
from grader.worker.program import pull_back


def attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
    """softmax(QKᵀ/√d_k)V in float64 by torch's own operator; mask true or non-zero may attend.

    A row that may attend to nothing has context zero, also in torch's operator.
    """
    visible = None
    if mask is not None:
        visible = (mask != 0).expand(*query.shape[:-1], key.shape[-2])
    return F.scaled_dot_product_attention(
        query.double(), key.double(), value.double(), attn_mask=visible
    )


def linear(x: Tensor, projection: Projection) -> Tensor:
    """`torch.nn.functional.linear` in float64 with a role's weight and, where it exists, bias."""
    bias = None if projection.bias is None else projection.bias.double()
    return F.linear(x.double(), projection.weight.double(), bias)


def gradients(
    truth: Callable[..., Tensor],
    inputs: Mapping[str, Tensor],
    cotangent: Tensor,
    weights: Weights | None = None,
) -> dict[str, Tensor]:
    """True gradients in float64, by `"input query"`, `"query weight"`, `"query bias"`.

    `truth(**inputs)` for a function, `truth(weights, **inputs)` where weights are given. Inputs
    that are not floating (masks) are passed as they are.
    """
    leaves: dict[str, Tensor] = {}

    def leaf(name: str, tensor: Tensor) -> Tensor:
        leaves[name] = tensor.detach().double().requires_grad_()
        return leaves[name]

    passed: dict[str, Any] = {
        name: leaf(f"input {name}", t) if isinstance(t, Tensor) and t.is_floating_point() else t
        for name, t in inputs.items()
    }
    if weights is None:
        output = truth(**passed)
    else:
        roles = {
            role: Projection(
                leaf(f"{role} weight", p.weight),
                None if p.bias is None else leaf(f"{role} bias", p.bias),
            )
            for role, p in weights.items()
        }
        output = truth(roles, **passed)
    found = pull_back(output, list(leaves.values()), cotangent.double())
    return {
        name: torch.zeros_like(leaf) if gradient is None else gradient
        for (name, leaf), gradient in zip(leaves.items(), found, strict=True)
    }
