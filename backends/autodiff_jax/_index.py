"""Indexing of recorded arrays.

Integers and the starts of slices are arguments of what is compiled, not part of it: a loop over ``x[i]`` or
``x[i : i + n]`` compiles once.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax import numpy as jnp

from autodiff_jax._array import Array, lasts, plain, resolve
from autodiff_jax._operation import Operation

_ARRAY, _NEW = "array", None


def read(x: Any, index: Any) -> Any:
    """``x[index]`` for a recorded array or a variable."""
    x = resolve(x)
    if type(x) is not Array:
        return x[_plain_index(index)]
    parts = expanded(index, x.shape)
    if any(_is_array(part) or isinstance(part, bool) for part in parts):
        template, arrays = dynamic(parts, x.shape)
        return _gather(template)(x, *arrays)
    return _read_basic(x, parts)


def expanded(index: Any, shape: tuple[int, ...]) -> list[Any]:
    """An index as a list of integers, slices, ``None`` and arrays that together take up every axis."""
    parts = list(index) if isinstance(index, tuple) else [index]
    parts = [_part(part) for part in parts]
    parts = [axis for part in parts for axis in (np.nonzero(part) if _is_array(part) and _is_mask(part) else (part,))]
    axes = len(shape) - sum(part is not Ellipsis and _takes_axis(part) for part in parts)
    if axes < 0:
        raise IndexError(f"too many indices: {len(parts)} for an array of shape {shape}")
    at = next((i for i, part in enumerate(parts) if part is Ellipsis), len(parts))
    if sum(part is Ellipsis for part in parts) > 1:
        raise IndexError("an index can have a single ellipsis ('...')")
    return [*parts[:at], *[slice(None)] * axes, *parts[at + 1 :]]


def dynamic(parts: list[Any], shape: tuple[int, ...]) -> tuple[tuple[Any, ...], list[Any]]:
    """An index taken apart: a static template, and the arrays (integers too) that go into its places."""
    template: list[Any] = []
    arrays: list[Any] = []
    axis = 0
    for part in parts:
        if not _takes_axis(part):
            template.append(part)
            continue
        if isinstance(part, slice):
            template.append(("slice", *part.indices(shape[axis])) if part != slice(None) else ("slice", None, None, 1))
        else:
            template.append(_ARRAY)
            arrays.append(_start(_checked(part, shape[axis])) if isinstance(part, int) else part)
        axis += 1
    return tuple(template), arrays


def require_within(parts: list[Any], shape: tuple[int, ...]) -> None:
    """``IndexError`` for an integer, or a concrete array of them, that is out of bounds, where JAX would clamp it."""
    axis = 0
    for part in parts:
        if not _takes_axis(part):
            continue
        if isinstance(part, int):
            _checked(part, shape[axis])
        elif _is_array(part) and not traced(part) and part.size:
            lowest, highest = int(part.min()), int(part.max())
            _checked(lowest if lowest < 0 else highest, shape[axis])
            _checked(highest, shape[axis])
        axis += 1


def assembled(template: tuple[Any, ...], arrays: Any) -> tuple[Any, ...]:
    """The index that `dynamic` took apart."""
    rest = iter(arrays)
    parts = (_slice(*part[1:]) if isinstance(part, tuple) else part for part in template)
    return tuple([next(rest) if part is _ARRAY else part for part in parts])


def _slice(start: Any, stop: Any, step: int) -> slice:
    return slice(start, None if stop is not None and stop < 0 else stop, step)


@functools.lru_cache(maxsize=4096)
def _gather(template: tuple[Any, ...]) -> Operation:
    return Operation(lambda x, *arrays: x[assembled(template, arrays)])


def _part(part: Any) -> Any:
    part = plain(part)
    if part is None or part is Ellipsis:
        return part
    if isinstance(part, slice):
        bounds = (part.start, part.stop, part.step)
        return slice(*(None if bound is None else operator.index(bound) for bound in bounds))
    if isinstance(part, list):
        part = np.asarray(part, None if part else np.int64)
    if isinstance(part, (bool, np.bool_)) or (_is_array(part) and _is_mask(part) and not part.ndim):
        return bool(part)
    if _is_array(part) and (part.ndim or traced(part)):
        return part
    return operator.index(part)


def _is_array(part: Any) -> bool:
    return isinstance(part, (np.ndarray, jax.Array))


def traced(part: Any) -> bool:
    """Whether the values of an index are not known: it is an argument of a function under a transform."""
    return isinstance(part, jax.core.Tracer)


def _is_mask(part: Any) -> bool:
    return bool(part.dtype == bool)


def _takes_axis(part: Any) -> bool:
    """``None`` and a single truth value make an axis instead."""
    return part is not None and not isinstance(part, bool)


def _plain_index(index: Any) -> Any:
    return tuple(map(plain, index)) if isinstance(index, tuple) else plain(index)


def _checked(i: int, size: int) -> int:
    if not -size <= i < size:
        raise IndexError(f"index {i} is out of bounds for an axis of size {size}")
    return i % size


_made: dict[Any, Any] = {}


def _start(i: int) -> Any:
    return _kept(i, np.int32)


def _starts(*starts: int) -> Any:
    return _kept(starts, lambda starts: np.array(starts, np.int32))


def _kept(start: Any, made: Callable[[Any], Any]) -> Any:
    """``made(start)`` as an array on the device, made once."""
    found = _made.get(start)
    if found is None:
        if len(_made) > 512:
            _made.clear()
        with jax.ensure_compile_time_eval():  # shared: inside a transform, a tracer would outlive it
            found = jnp.asarray(made(start))
        if lasts(found):
            _made[start] = found
    return found


def _read_basic(x: Array, parts: list[Any]) -> Any:
    """Integers and slices: a window of dynamic start and static size, then what is static."""
    starts: list[int] = []
    sizes: list[int] = []
    after: list[Any] = []
    for part in parts:
        if part is None:
            after.append(_NEW)
            continue
        size = x.shape[len(starts)]
        if isinstance(part, int):
            starts.append(_checked(part, size))
            sizes.append(1)
            after.append(0)
            continue
        start, stop, step = part.indices(size)
        if step == 1:
            starts.append(start)
            sizes.append(max(stop - start, 0))
            after.append(("slice", None, None, 1))
        else:
            starts.append(0)
            sizes.append(size)
            after.append(("slice", start, stop, step))
    return _window(tuple(sizes), tuple(after))(x, _starts(*starts))


@functools.lru_cache(maxsize=4096)
def _window(sizes: tuple[int, ...], after: tuple[Any, ...]) -> Operation:
    index = tuple([part if part is None or part == 0 else _slice(*part[1:]) for part in after])

    def window(x: Any, starts: Any) -> Any:
        return jax.lax.dynamic_slice(x, list(starts), sizes)[index]

    return Operation(window)
