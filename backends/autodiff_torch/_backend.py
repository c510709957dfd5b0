"""The PyTorch backend: the hooks of the contract."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.autograd import forward_ad

from autodiff_spec import AutodiffError, Backend, Capability, MutationError, UnsupportedError
from autodiff_spec.core.frameworks import array_of, is_of_keras
from autodiff_spec.core.lost import EXPLANATIONS
from autodiff_torch import _dtensor, _parts, _state, extra, mended, xp
from autodiff_torch._custom import apply_checkpoint, apply_rule
from autodiff_torch._tape import TorchTape, tangent_of
from autodiff_torch._variable import Variable, is_valueless, require_values
from autodiff_torch._vmap import batched, vjp

_EXPLAINED: dict[str, tuple[type[AutodiffError], str]] = {
    "being used in an in-place operation": (
        MutationError,
        "an argument of the function, what watch() returned, or a parameter is written in place; write x = x + 1 in "
        "place of x += 1, or work on a copy",
    ),
    "Inference tensors cannot be saved": (
        UnsupportedError,
        "the function uses a tensor that was made under torch.inference_mode(), which autograd cannot keep; make it "
        "under torch.no_grad(), or use its clone()",
    ),
    "out=... arguments don't support": (
        UnsupportedError,
        "autograd does not differentiate what is written into out=; write y = torch.mul(a, b), without it",
    ),
    **_dtensor.EXPLAINED,
}
"""What PyTorch says -> the error, and the words, that say what to write."""

_NO_NUMPY_DTYPE = {torch.bfloat16: torch.float32}


def _explained(error: Exception) -> AutodiffError | None:
    """The error of ours for one of PyTorch's, raised in a user's function."""
    if not isinstance(error, (RuntimeError, AssertionError)):
        return None
    return next((kind(words) for said, (kind, words) in _EXPLAINED.items() if said in str(error)), None)


EXPLANATIONS.append(_explained)


class TorchBackend(Backend):
    """PyTorch behind the interface of the specification."""

    name = "torch"
    version = str(torch.__version__)
    xp: Any = xp
    extra: Any = extra
    array_types = (torch.Tensor,)
    capabilities = frozenset(
        {
            Capability.TAPE,
            Capability.HIGHER_ORDER,
            Capability.HOST,
            Capability.DISTRIBUTED,
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
            self.xp, self.extra = mended.xp, mended.extra

    def is_variable(self, x: Any) -> bool:
        """Whether ``x`` is a variable, PyTorch's own trainable leaf, ``nn.Parameter``, or a variable of Keras."""
        return isinstance(x, (Variable, torch.nn.Parameter)) or (is_of_keras(x) and self.is_array(x.value))

    # --- hooks of the contract --------------------------------------------------------------------------------

    def _vjp(
        self, f: Callable[..., list[Any]], primals: list[torch.Tensor], *, once: bool
    ) -> tuple[list[Any], Callable[[list[Any]], list[Any]]]:
        if torch.compiler.is_compiling():  # what is compiled has a first derivative alone
            outside: Any = torch.compiler.disable(self._vjp)  # type: ignore[no-untyped-call]
            outputs, pull = outside(f, primals, once=once)
            return outputs, torch.compiler.disable(pull)  # type: ignore[no-untyped-call]
        if _state.BATCHING.get() or torch._C._are_functorch_transforms_active():
            return vjp(f, primals)
        tape = TorchTape(self, persistent=not once)
        with tape:
            sources = [tape._watch(primal) for primal in primals]
            recorded = f(*sources)

        def pullback(cotangents: list[Any]) -> list[Any]:
            return tape._pullback_of(recorded, sources, cotangents, strict=False)

        tape.functional = True
        nested = bool(_state.OPEN.get())
        if not nested:
            tape.composed = tape.composes(recorded)
        if tape.recorded_before and (nested or tape.composed):
            return recorded, pullback
        # Nobody else records: a value that is kept must not keep the graph.
        alone = torch.Tensor.detach if forward_ad._current_level < 0 else _unrecorded
        return [alone(output) if isinstance(output, torch.Tensor) else output for output in recorded], pullback

    def _vmap(
        self, f: Callable[..., list[torch.Tensor]], arrays: list[torch.Tensor], axes: list[int]
    ) -> list[torch.Tensor]:
        # With hooks on what is saved, as a checkpoint of PyTorch's own has them, torch.func gives up in the midst.
        hooked = torch._C._autograd._top_saved_tensors_default_hooks(True) is not None
        with _parts.joining(*arrays):
            if arrays[0].shape[axes[0]] and not hooked:
                with suppress(Exception):  # what is wrong with f itself raises again in the loop
                    return batched(f, arrays, axes)
            return super()._vmap(f, arrays, axes)

    def _custom_vjp(self, call: Any, arrays: list[torch.Tensor]) -> list[torch.Tensor]:
        self._refuse_batches("custom_vjp()")
        return apply_rule(self, call, arrays)

    def _checkpoint(self, f: Any, arrays: list[torch.Tensor]) -> list[Any]:
        self._refuse_batches("checkpoint()")
        if torch._C._are_functorch_transforms_active():  # they cannot run a part again, and have all residuals anyway
            return list(f(*arrays))
        return apply_checkpoint(f, arrays)

    def _host(self) -> Any:
        from autodiff_torch import _host

        return _host

    def _distribution(self) -> Any:
        from autodiff_torch import _distribution

        return _distribution

    def _defers(self, arrays: Sequence[torch.Tensor]) -> bool:
        return any(map(is_valueless, arrays))

    def _outside(self, function: Any, arrays: list[torch.Tensor], kinds: Any) -> list[torch.Tensor]:
        if torch.compiler.is_compiling():  # Dynamo would follow NumPy's functions, and make PyTorch's of them
            aside: Any = torch.compiler.disable(self._outside)  # type: ignore[no-untyped-call]
            return list(aside(function, arrays, kinds))
        if torch.jit.is_tracing():  # type: ignore[no-untyped-call, attr-defined]
            raise UnsupportedError("torch.jit.trace would keep what host() gives as a constant; run it untraced")
        if self._defers(arrays):
            return [arrays[0].new_empty(kind.shape, dtype=self._dtype_of(kind.dtype)) for kind in kinds]
        found = super()._outside(function, arrays, kinds)
        return [output.to(arrays[0].device) for output in found] if arrays else found

    def _stop_gradient(self, array: torch.Tensor) -> torch.Tensor:
        return array.detach().clone()

    def _explained(self, error: Exception) -> Exception | None:
        if not isinstance(error, (RuntimeError, AssertionError)):
            return None
        return next((kind(words) for said, (kind, words) in _EXPLAINED.items() if said in str(error)), None)

    def _to_numpy(self, array: torch.Tensor) -> Any:
        require_values(array)
        plain = _dtensor.whole(_without_levels(array.detach()))
        with torch._C._DisableFuncTorch():
            plain = plain.to("cpu", _NO_NUMPY_DTYPE.get(plain.dtype, plain.dtype))
            return plain.resolve_conj().resolve_neg().numpy().copy()

    def _asarray(self, value: Any, dtype: Any) -> torch.Tensor:
        if isinstance(value, (np.ndarray, np.generic)) and value.dtype in (np.longdouble, np.clongdouble):
            if dtype is None:
                self._dtype_of(value.dtype)  # torch has none such: a DtypeError
            value = value.astype(np.float64 if value.dtype == np.longdouble else np.complex128)
        found: torch.Tensor = xp.asarray(value, dtype=dtype, copy=True)
        return found

    def _keeps_connections(self, arrays: Sequence[torch.Tensor]) -> bool:
        return not self._defers(arrays)  # Keras, when it asks for shapes, makes new tensors on the device 'meta'

    def _ones_like(self, array: torch.Tensor) -> Any:
        return _state.ONES if array.numel() == 1 else torch.ones_like(array)

    def _beside(self, array: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = _dtensor.beside(array, like._value if isinstance(like, Variable) else like)
        return found

    def _placed(self, array: torch.Tensor, device: Any) -> torch.Tensor:
        try:
            found = array.detach().to(device)
        except (RuntimeError, AssertionError, TypeError) as error:  # no such name, PyTorch without it, no device at all
            raise self._no_device(device, error) from error
        if found.is_meta and not array.is_meta:
            raise self._no_device(device, "it has shapes and no values")
        return found

    def _variable(self, array: torch.Tensor) -> Variable:
        self._refuse_batches("variable()")
        return Variable(array.detach())

    def _assign(self, variable: Any, array: torch.Tensor) -> None:
        self._refuse_batches("assign()")
        require_values(array, like=array_of(variable))
        if isinstance(variable, Variable):
            variable._replace(_dtensor.lying_as(array.detach(), variable._value))
        elif is_of_keras(variable):
            variable.assign(array.detach())
        else:
            with torch.no_grad():
                variable.copy_(_dtensor.lying_as(array, variable))

    def _tape(self, persistent: bool) -> TorchTape:
        return TorchTape(self, persistent=persistent)

    def _pause(self) -> AbstractContextManager[None]:
        return _state.pause()

    def _write(self, destination: torch.Tensor, gradient: torch.Tensor) -> None:
        with torch.no_grad():
            destination.copy_(_dtensor.lying_as(gradient, destination))

    def _refuse_batches(self, what: str) -> None:
        """Raise, so that `vmap` falls back to its loop: this operation would keep a batch, or hide a rule from it."""
        if _state.BATCHING.get():
            raise UnsupportedError(f"{what} runs on one slice at a time; vmap() sees to it")


def _without_levels(array: torch.Tensor) -> torch.Tensor:
    """The tensor of values inside those that the levels of `torch.func` wrap it in."""
    functorch = torch._C._functorch
    while functorch.is_gradtrackingtensor(array):
        array = functorch.get_unwrapped(array)
    if functorch.is_batchedtensor(array):
        raise UnsupportedError(
            "inside torch.func.vmap a tensor has no values of its own; use vmap() of this backend, or no batch"
        )
    return array


def _unrecorded(output: torch.Tensor) -> torch.Tensor:
    """``output`` without its place in the graph; a dual number stays one."""
    tangent = tangent_of(output)
    if tangent is None:
        return output.detach()
    found: torch.Tensor = forward_ad.make_dual(output.detach(), tangent.detach())  # type: ignore[no-untyped-call]
    return found
