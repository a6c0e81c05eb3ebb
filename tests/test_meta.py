"""Shapes without numbers, on torch's meta device."""

from __future__ import annotations

import subprocess
import sys


def test_the_meta_stand_ins_step_aside_for_other_questions() -> None:
    code = (
        "import torch; from grader.worker.storages import without_compiler as w; w()\n"
        "x = torch.empty(2, 3, device='meta'); y = torch.softmax(x @ x.T / 2.0, -1)\n"
        "import sys; assert 'mpmath' not in sys.modules; assert y.shape == (2, 2)\n"
        "from torch.fx.experimental.symbolic_shapes import ShapeEnv; ShapeEnv()\n"
        "import sympy; assert sympy.Integer(2) + 1 == 3\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
