"""Mutants of adapters, for the clauses about what NumPy does not have. Frameworks are imported when one is made."""

from __future__ import annotations

from typing import Any

from tests.mutants._mutant import mutant
from tests.mutants._seams import at


@mutant("gradients of bfloat16 are left in the precision that they were added up in", "DTYPE-03", of="torch")
def wide_bfloat16() -> None:
    import torch


    right = at.torch_fresh

    def fresh(*arguments: Any) -> Any:
        return [g.float() if g is not None and g.dtype == torch.bfloat16 else g for g in right(*arguments)]

    at.torch_fresh = fresh
