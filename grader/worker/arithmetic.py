"""What one of torch's operations has to do, counted from the sizes of what it takes and makes.

A clock reads the machine and the sizes of a race; this reads the same anywhere, at sizes that
nobody would wait for, on `meta` too. The unit is one multiplication of a matrix product, of which
one processor does 40 in 1 ns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

LARGE = 2**23
"""Elements of a tensor that neither a cache nor the allocator keeps: 32 MB in float32."""
WRITE, WRITE_LARGE, READ = 16, 64, 8
"""What an element costs that is made, and one that is read, elsewhere than in a matrix product:
0.2 to 0.4 ns, where a large tensor is made 2 to 3 ns."""
INNER: dict[str, Callable[[Sequence[Any]], int]] = {
    "mm": lambda a: int(a[0].size(-1)),
    "bmm": lambda a: int(a[0].size(-1)),
    "mv": lambda a: int(a[0].size(-1)),
    "dot": lambda a: int(a[0].numel()),
    "addmm": lambda a: int(a[1].size(-1)),
    "baddbmm": lambda a: int(a[1].size(-1)),
    "addmv": lambda a: int(a[1].size(-1)),
    "addbmm": lambda a: int(a[1].size(0) * a[1].size(-1)),
    "linear": lambda a: int(a[0].size(-1)),
    "convolution": lambda a: int(a[1].numel() // max(a[1].size(0), 1)),
}
"""Products of matrices: how many multiplications an element of the result is the sum of."""


def work_of(func: Any, name: str, given: Sequence[Tensor], made: Sequence[Tensor]) -> int:
    """The multiplications that an operation takes; of other work, how many would take as long.

    func: torch's overload; name: its name without namespace; given, made: its tensors.
    """
    if func.is_view or not made:
        return 0
    results = sum(tensor.numel() for tensor in made)
    if name.rstrip("_") in INNER and given:
        return results * INNER[name.rstrip("_")](given)
    each = WRITE_LARGE if results > LARGE else WRITE
    return each * results + READ * sum(tensor.numel() for tensor in given)
