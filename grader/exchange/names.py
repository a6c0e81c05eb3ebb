"""A name that a submission uses and nowhere defines: the import that would bring it."""

from __future__ import annotations

import re
import sys

import torch

USUAL = {
    "F": "import torch.nn.functional as F",
    "nn": "from torch import nn",
    "np": "import numpy as np",
    "torch": "import torch",
    "rearrange": "from einops import rearrange",
}
"""What the field calls things that have another name where they come from."""
HOMES = ("torch", "torch.nn", "typing", "torch.nn.functional")
UNDEFINED = re.compile(r"name '(\w+)' is not defined")


def undefined(kind: str, words: str) -> str:
    """The name that an exception complains of; empty where it is about something else."""
    found = UNDEFINED.match(words) if kind == "NameError" else None
    return found[1] if found else ""


def import_line(name: str, used: str) -> str:
    """The line that would bring a name, as its use on a line of code suggests; empty if none.

    A module is something that is looked into, anything else is called or capitalised: whatever
    else has no definition is a slip of the pen, and an import would not help.
    """
    if name in USUAL:
        return USUAL[name]
    if name in sys.stdlib_module_names and re.search(rf"\b{name}\.", used):
        return f"import {name}"
    if name[:1].isupper() or re.search(rf"\b{name}\(", used):
        modules: dict[str, object] = {"torch": torch, **sys.modules}
        home = next((h for h in HOMES if hasattr(modules.get(h), name)), None)
        return f"from {home} import {name}" if home else ""
    return ""
