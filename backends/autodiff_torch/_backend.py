"""The PyTorch backend: the hooks of the contract."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from autodiff_spec import Backend, Capability
from autodiff_torch import _state, extra, spec, xp
from autodiff_torch._custom import apply_checkpoint, apply_rule
from autodiff_torch._tape import TorchTape
from autodiff_torch._variable import Variable

_NO_NUMPY_DTYPE = {torch.bfloat16: torch.float32}


class TorchBackend(Backend):
    """PyTorch behind the interface of the specification."""

    name = "torch"
    version = str(torch.__version__)
    xp = xp
    extra = extra
    array_types = (torch.Tensor,)
    capabilities = frozenset(
        {
            Capability.TAPE,
            Capability.HIGHER_ORDER,
            Capability.CONTROL_FLOW,
            Capability.NATIVE_CALLS,
            Capability.CUSTOM_RULES,
            Capability.CHECKPOINT,
            Capability.COMPLEX,
            Capability.BFLOAT16,
            Capability.MUTABLE_OUT,
            Capability.MUTATION_CHECK,
        }
    )
    deviations = Path(__file__).with_name("deviations.toml")

    def __init__(self, conventions: str = "native") -> None:
        super().__init__()
        self.conventions = conventions
        if conventions == "spec":
            self.xp, self.extra = spec.xp, spec.extra

    def is_variable(self, x: Any) -> bool:
        """Whether ``x`` is a variable, or PyTorch's own trainable leaf, ``nn.Parameter``."""
        return isinstance(x, (Variable, torch.nn.Parameter))

    # --- hooks of the contract --------------------------------------------------------------------------------

    def _vjp(
        self, f: Callable[..., list[Any]], primals: list[torch.Tensor], *, once: bool
    ) -> tuple[list[Any], Callable[[list[Any]], list[Any]]]:
        outputs, pullback = super()._vjp(f, primals, once=once)
        if not _state.OPEN.get():  # nobody records: a value that is kept must not keep the graph
            outputs = [output.detach() if isinstance(output, torch.Tensor) else output for output in outputs]
        return outputs, pullback

    def _custom_vjp(self, call: Any, arrays: list[torch.Tensor]) -> list[torch.Tensor]:
        return apply_rule(self, call, arrays)

    def _checkpoint(self, f: Any, arrays: list[torch.Tensor]) -> list[Any]:
        return apply_checkpoint(f, arrays)

    def _stop_gradient(self, array: torch.Tensor) -> torch.Tensor:
        return array.detach().clone()

    def _to_numpy(self, array: torch.Tensor) -> Any:
        plain = array.detach().to("cpu")
        return plain.to(_NO_NUMPY_DTYPE.get(plain.dtype, plain.dtype)).resolve_conj().resolve_neg().numpy().copy()

    def _asarray(self, value: Any, dtype: Any) -> torch.Tensor:
        if isinstance(value, (np.ndarray, np.generic)) and value.dtype in (np.longdouble, np.clongdouble):
            if dtype is None:
                self._dtype_of(value.dtype)  # torch has none such: a DtypeError
            value = value.astype(np.float64 if value.dtype == np.longdouble else np.complex128)
        found: torch.Tensor = xp.asarray(value, dtype=dtype, copy=True)
        return found

    def _variable(self, array: torch.Tensor) -> Variable:
        return Variable(array.detach())

    def _assign(self, variable: torch.Tensor, array: torch.Tensor) -> None:
        if isinstance(variable, Variable):
            variable._replace(array.detach())
        else:
            with torch.no_grad():
                variable.copy_(array)

    def _tape(self, persistent: bool) -> TorchTape:
        return TorchTape(self, persistent=persistent)

    def _pause(self) -> AbstractContextManager[None]:
        return _state.pause()

    def _write(self, destination: torch.Tensor, gradient: torch.Tensor) -> None:
        with torch.no_grad():
            destination.copy_(gradient)
