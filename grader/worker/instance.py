"""What was built, as the program needs it: its modes, its weights by name to write and to read.

A layer may be no `nn.Module` though it holds some, its weights may be parametrized (what is stored
is then not what is used), and a class may stand in for a function.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from grader.worker.construction import Construction
from grader.worker.wire import Message

NORMS = ("_g", "_v")
"""The ends of the two parameters that the older `weight_norm` makes of one."""


class Unfit(Exception):
    """A weight that should be written is not there, or of another size; the message says which."""


class Adopted(nn.Module):
    """A layer whose class is no `nn.Module`: what it holds is registered, and it is called."""

    def __init__(self, own: Any) -> None:
        super().__init__()
        self.__dict__["own"] = own
        for name, value in list(getattr(own, "__dict__", {}).items()):
            if isinstance(value, nn.Module):
                self.add_module(name, value)
            elif isinstance(value, nn.Parameter):
                self.register_parameter(name, value)
            elif isinstance(value, Tensor) and value.requires_grad and value.is_leaf:
                parameter = nn.Parameter(value.detach())
                setattr(own, name, parameter)
                self.register_parameter(name, parameter)

    def train(self, mode: bool = True) -> Adopted:
        """In the mode; the object itself is told as well."""
        super().train(mode)
        with contextlib.suppress(Exception):
            self.__dict__["own"].training = mode
        return self

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the object makes of it, by `__call__` or else by `forward`."""
        own = self.__dict__["own"]
        return (own if callable(own) else own.forward)(*args, **kwargs)


def adopts(value: Any) -> bool:
    """Whether something that is no module can be called like one, and holds some."""
    held = getattr(value, "__dict__", {}).values()
    calls = callable(value) or callable(getattr(value, "forward", None))
    return calls and any(isinstance(v, nn.Module | nn.Parameter) for v in held)


class StandIn(nn.Module):
    """A class in a function's place: one instance for each width it is called with."""

    def __init__(self, target: Any, construct: Construction, values: Mapping[str, Any]) -> None:
        super().__init__()
        self.target = target
        self.construct = construct
        self.values = dict(values)
        self.built: dict[tuple[Any, ...], Any] = {}

    def instance(self, arguments: Mapping[str, Any]) -> Any:
        """The instance for a call, in this one's mode and at its inputs' device and dtype."""
        values = self.values | self.construct.of_a_call(arguments)
        key = tuple(sorted(values.items()))
        if key not in self.built:
            args, kwargs = self.construct.place(values)
            self.built[key] = self.target(*args, **kwargs)
        instance = self.built[key]
        if isinstance(instance, nn.Module):
            first = next(v for v in arguments.values() if isinstance(v, Tensor))
            instance.train(self.training)
            instance.to(first.device, first.dtype)
        return instance if callable(instance) else instance.forward


# --- weights ----------------------------------------------------------------------------------


def _parametrized(instance: nn.Module) -> dict[str, tuple[nn.Module, str]]:
    """Weights that are computed from what is stored: name → the module and its attribute."""
    found = {}
    for prefix, module in instance.named_modules():
        kept = dict(module.named_parameters(recurse=False))
        for stem in {name[:-2] for name in kept if name.endswith(NORMS)}:
            if {stem + end for end in NORMS} <= set(kept) and hasattr(module, stem):
                found[f"{prefix}.{stem}".lstrip(".")] = (module, stem)
        if parametrize.is_parametrized(module):
            for stem in module.parametrizations:
                found[f"{prefix}.{stem}".lstrip(".")] = (module, str(stem))
    return found


def weights_of(instance: Any) -> dict[str, Tensor]:
    """Weights by name as the layer uses them: of parametrized ones the result, not the parts."""
    if not isinstance(instance, nn.Module):
        return {}
    computed = _parametrized(instance)
    parts = {f"{name}{end}" for name in computed for end in NORMS}
    own: dict[str, Tensor] = {
        name: tensor
        for name, tensor in instance.named_parameters()
        if name not in parts and "parametrizations." not in name
    }
    return own | {name: getattr(module, stem) for name, (module, stem) in computed.items()}


@contextlib.contextmanager
def using(instance: Any, *, gradients: bool) -> Iterator[dict[str, Tensor]]:
    """A call: where gradients are asked for, the dictionary then holds the weights that it used."""
    used: dict[str, Tensor] = {}
    if not gradients or not isinstance(instance, nn.Module):
        yield used
        return
    computed = any(parametrize.is_parametrized(module) for module in instance.modules())
    with parametrize.cached() if computed else contextlib.nullcontext():
        yield used
        used.update(weights_of(instance))


def write(
    instance: nn.Module, state: Mapping[str, Tensor], built: str = "", usual: str = ""
) -> None:
    """Give weights their values; raises Unfit where one is missing or of another size."""
    own = weights_of(instance)
    computed = _parametrized(instance)
    for name, tensor in state.items():
        if name not in own:
            raise Unfit(f"built as {built} it has no `{name}`, which it has as {usual}")
        if own[name].shape != tensor.shape:
            sizes = [tuple(own[name].shape), tuple(tensor.shape)]
            raise Unfit(f"built as {built} its `{name}` is {sizes[0]}, where {sizes[1]} is needed")
        with torch.no_grad():
            if name in computed:
                _write_through(*computed[name], tensor.to(own[name]))
            else:
                own[name].copy_(tensor)


def _write_through(module: nn.Module, name: str, tensor: Tensor) -> None:
    """Set a computed weight by what it is computed from."""
    if parametrize.is_parametrized(module, name):
        setattr(module, name, tensor.clone())  # it may be kept as it is
        direction = getattr(module.parametrizations[name], "original1", None)  # type: ignore[index]
        if isinstance(direction, Tensor):  # a weight norm's: of no length it has no direction
            direction[getattr(module, name).isnan()] = 1.0
        return
    kept = dict(module.named_parameters(recurse=False))
    size, direction = kept[f"{name}_g"], kept[f"{name}_v"]
    kept_axes = [axis for axis, length in enumerate(size.shape) if length > 1]
    others = [axis for axis in range(tensor.dim()) if axis not in kept_axes]
    norm = tensor.norm(dim=others, keepdim=True) if others else tensor.abs()
    size.copy_(norm.reshape(size.shape))
    direction.copy_(torch.where(norm == 0, 1.0, tensor))


def described(instance: Any) -> list[Message]:
    """Names and shapes of the weights; the judge decides what each of them is."""
    if not isinstance(instance, nn.Module):
        return []
    linear = {
        f"{prefix}.weight".lstrip(".")
        for prefix, module in instance.named_modules()
        if isinstance(module, nn.Linear)
    }
    return [
        {"name": name, "shape": list(tensor.shape), "linear": name in linear}
        for name, tensor in weights_of(instance).items()
    ]
