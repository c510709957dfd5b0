"""A function in a file, and the arguments to call it with."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from autodiff_spec.core.errors import AutodiffError
from autodiff_spec.programs.function import argument_names, plain_arguments


class ProgramError(AutodiffError, ValueError):
    """A program cannot be loaded, or there is nothing to call it with."""


def load(target: str) -> Callable[..., Any]:
    """The function ``FILE.py:function``; the file runs once, in a module of its own.

    Raises:
        ProgramError: no such file or function, or the file raises; the message has the line.
    """
    return _function_of(*_opened(target))


def load_with_arguments(
    target: str, *, shapes: Sequence[str] = (), npz: Path | None = None, seed: int = 0, dtype: str | None = None
) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """The function ``FILE.py:function``, and what to call it with, as trees of NumPy arrays.

    Args:
        target: the function. The file's ``inputs(rng)``, if there is one, is asked for a tuple when nothing else is
            given.
        shapes: ``"3,4"``: draw standard normal numbers of these shapes (``"()"`` for a single number).
        npz: a file with an array for each parameter, by its name, or by order.
        seed: of the generator.
        dtype: cast floating arrays to it.

    Raises:
        ProgramError: as for `load`; nothing to call it with, or it does not fit the function's parameters.
    """
    module, name = _opened(target)
    f = _function_of(module, name)
    generator = np.random.default_rng(seed)
    if npz is not None:
        given: Any = _stored(npz, argument_names(f))
    elif shapes:
        given = tuple(generator.standard_normal(_shape(text)) for text in shapes)
    elif callable(getattr(module, "inputs", None)):
        given = _drawn(module, generator)
    elif names := argument_names(f):
        raise ProgramError(
            f"{f.__name__}({', '.join(names)}) needs arguments: write a function inputs(rng) into the file that "
            "returns them as a tuple, or pass --shape once for each, or --npz FILE"
        )
    else:
        given = ()
    return f, plain_arguments(given, dtype)


def _opened(target: str) -> tuple[ModuleType, str]:
    """The module of ``FILE.py:function``, and the function's name."""
    file, _, name = target.rpartition(":")
    if not file or not name:
        raise ProgramError(f"{target!r} names no function; the form is FILE.py:function")
    path = Path(file)
    if not path.is_file():
        raise ProgramError(f"there is no file {file}; the form is FILE.py:function")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ProgramError(f"{file} is no Python file; the form is FILE.py:function")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.resolve().parent))  # so that it finds its neighbours, as `python FILE.py` does
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ProgramError(f"{_line(error, path)}: {type(error).__name__}: {error}") from error
    finally:
        sys.path.remove(str(path.resolve().parent))
    return module, name


def _function_of(module: ModuleType, name: str) -> Callable[..., Any]:
    """The function called ``name`` in a module."""
    found = getattr(module, name, None)
    if not callable(found):
        there = [n for n, f in vars(module).items() if callable(f) and getattr(f, "__module__", "") == module.__name__]
        raise ProgramError(f"there is no function {name!r} in {module.__file__}; it has {', '.join(there) or 'none'}")
    chosen: Callable[..., Any] = found
    return chosen


def _drawn(module: ModuleType, generator: np.random.Generator) -> tuple[Any, ...]:
    try:
        given = module.inputs(generator)
    except Exception as error:
        raise ProgramError(f"{_line(error, Path(str(module.__file__)))}: {type(error).__name__}: {error}") from error
    return given if isinstance(given, tuple) else (given,)


def _shape(text: str) -> tuple[int, ...]:
    stripped = text.strip().strip("()")
    try:
        shape = tuple(int(part) for part in stripped.replace("x", ",").split(",") if part.strip())
    except ValueError:
        shape = (-1,)
    if any(size < 0 for size in shape):
        raise ProgramError(f"{text!r} is no shape; write sizes with commas between them, 3,4, or () for one number")
    return shape


def _stored(path: Path, names: Sequence[str]) -> tuple[Any, ...]:
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
    except (OSError, ValueError) as error:
        raise ProgramError(f"{path} cannot be read as a file of arrays (.npz): {error}") from error
    if set(names) & set(arrays):
        missing = [name for name in names if name not in arrays]
        if missing:
            raise ProgramError(f"{path} has no array called {missing[0]!r}; it has {', '.join(arrays)}")
        return tuple(arrays[name] for name in names)
    return tuple(arrays.values())


def _line(error: BaseException, path: Path) -> str:
    if isinstance(error, SyntaxError):
        return f"{Path(error.filename or path).name}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename).resolve() == path.resolve()]
    return f"{path.name}:{lines[-1]}" if lines else path.name
