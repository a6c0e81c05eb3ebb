"""Where things live: the katas that came with the program, and the user's own state."""

from __future__ import annotations

import os
from pathlib import Path


def data_root() -> Path:
    """The folder holding `katas/` and `solutions/`: in an installed wheel, else the checkout."""
    package = Path(__file__).resolve().parents[1]
    packed = package / "data"
    return packed if packed.is_dir() else package.parent


def state_root() -> Path:
    """The user's data folder: `KATA_HOME`, else the platform's own place. It may not exist yet."""
    override = os.environ.get("KATA_HOME")
    if override:
        return Path(override)
    import platformdirs

    return Path(platformdirs.user_data_dir("kata", appauthor=False))
