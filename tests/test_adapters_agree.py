"""Who knows one adapter knows them all: the same files, the same order of definitions, the same errors."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autodiff_spec as ad
from autodiff_spec.core.names import EXTRA

ROOT = Path(__file__).resolve().parent.parent
ADAPTERS = ("torch", "tensorflow", "jax")
FILES = {
    "__init__.py", "_backend.py", "_beyond.py", "_custom.py", "_tape.py", "deviations.toml", "extra.py", "py.typed",
    "mended.py", "xp/__init__.py", "xp/fft.py", "xp/linalg.py",
}  # fmt: skip
DTYPE_NAMES = {
    "bfloat16", "bool", "complex128", "complex64", "float16", "float32", "float64", "int16", "int32", "int64", "int8",
    "longdouble", "uint16", "uint32", "uint64", "uint8",
}  # fmt: skip
NEXT = {"broadcast_shapes", "isin"}  # of the standard's next version; who has them may offer them

# --- files and order --------------------------------------------------------------------------------------------


def folder(name: str) -> Path:
    return ROOT / "backends" / f"autodiff_{name}"


def definitions(path: Path) -> list[str]:
    """What a module defines at its top level, in order: functions, classes, and names that are assigned."""
    found = []
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.append(node.name)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found.append(node.targets[0].id)
    return found


def methods(path: Path, suffix: str) -> list[str]:
    """The methods of the class whose name ends so, in order."""
    classes = [node for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.ClassDef)]
    (found,) = [node for node in classes if node.name.endswith(suffix)]
    return [node.name for node in found.body if isinstance(node, ast.FunctionDef)]


def in_order(names: list[str], contract: list[str]) -> bool:
    known = [name for name in names if name in contract]
    return known == sorted(known, key=contract.index)


def test_out_of_order_is_found() -> None:
    assert in_order(["a", "x", "c"], ["a", "b", "c"])
    assert not in_order(["c", "a"], ["a", "b", "c"])


@pytest.mark.parametrize("name", ADAPTERS)
def test_the_files_have_the_same_names(name: str) -> None:
    assert {file for file in FILES if (folder(name) / file).is_file()} == FILES


@pytest.mark.parametrize("name", ADAPTERS)
def test_the_factory_is_in_the_package_itself(name: str) -> None:
    assert "backend" in definitions(folder(name) / "__init__.py")


@pytest.mark.parametrize("name", ADAPTERS)
def test_hooks_of_the_backend_stand_in_the_order_of_the_contract(name: str) -> None:
    order = methods(ROOT / "autodiff_spec" / "core" / "engine.py", "Engine")
    order.insert(order.index("_pause"), "_tape")  # of `Backend`, for an engine need not know tapes
    assert in_order(methods(folder(name) / "_backend.py", "Backend"), order)


@pytest.mark.parametrize("name", ADAPTERS)
def test_hooks_of_the_tape_stand_in_the_order_of_the_contract(name: str) -> None:
    order = methods(ROOT / "autodiff_spec" / "core" / "tape.py", "Tape")
    hooks = [hook for hook in order if hook.startswith("_") and not hook.startswith("__")]
    assert in_order(methods(folder(name) / "_tape.py", "Tape"), hooks)


@pytest.mark.parametrize("name", ["numpy", *ADAPTERS])
def test_extra_stands_in_one_order(name: str) -> None:
    found = [definition for definition in definitions(folder(name) / "extra.py") if definition in EXTRA]
    assert found == list(EXTRA)


def public_functions(be: ad.Backend, extension: str) -> set[str]:
    """The names of a namespace that are no dtypes: those differ from framework to framework."""
    namespace = getattr(be.xp, extension) if extension else be.xp
    names = (name for name in namespace.__all__ if not name.startswith("__array_api"))
    return {name for name in names if callable(getattr(namespace, name)) and name not in DTYPE_NAMES | NEXT}


@pytest.mark.parametrize("extension", ["", "fft", "linalg"])
@pytest.mark.parametrize("name", ADAPTERS[1:])
def test_namespaces_have_the_same_functions(name: str, extension: str) -> None:
    assert public_functions(ad.backend(name), extension) == public_functions(ad.backend(ADAPTERS[0]), extension)


# --- errors -----------------------------------------------------------------------------------------------------

Misuse = Callable[[ad.Backend, Any, Any], Any]


def recorded(use: Callable[[ad.Backend, Any, Any, Any], Any]) -> Misuse:
    """A misuse of a tape on which ``y = sum(x · x)`` was recorded."""

    def misuse(be: ad.Backend, xp: Any, x: Any) -> Any:
        v = be.variable(x)
        with be.tape() as tape:
            y = xp.sum(v * v)
        return use(be, tape, y, v)

    return misuse


def watching(value: Any) -> Misuse:
    def misuse(be: ad.Backend, xp: Any, x: Any) -> Any:
        with be.tape() as tape:
            tape.watch(value)

    return misuse


MISUSES: dict[str, Misuse] = {
    "variable of an int": lambda be, xp, x: be.variable(3),
    "variable of a bool": lambda be, xp, x: be.variable(True),
    "variable of text": lambda be, xp, x: be.variable("1.0"),
    "variable of a ragged list": lambda be, xp, x: be.variable([[1.0], [1.0, 2.0]]),
    "variable of ints": lambda be, xp, x: be.variable([1, 2]),
    "variable of an int array": lambda be, xp, x: be.variable(xp.asarray([1, 2], dtype=xp.int32)),
    "assign another shape": lambda be, xp, x: be.assign(be.variable(x), xp.zeros((3,), dtype=xp.float32)),
    "assign to an array": lambda be, xp, x: be.assign(x, x),
    "grad of an int": lambda be, xp, x: be.grad(lambda a: a)(3),
    "grad of a number of an argument": lambda be, xp, x: be.grad(lambda a: a, argnums=2)(x),
    "grad of nothing": lambda be, xp, x: be.grad(lambda a: None)(x),
    "grad of text": lambda be, xp, x: be.grad(lambda a: "a")(x),
    "grad of a complex result": lambda be, xp, x: be.grad(lambda a: xp.astype(a, xp.complex64))(x),
    "jvp of another shape": lambda be, xp, x: be.jvp(lambda a: a, (x,), (xp.zeros((3,), dtype=xp.float32),)),
    "jvp of too few tangents": lambda be, xp, x: be.jvp(lambda a, b: a * b, (x, x), (x,)),
    "jvp of an int tangent": lambda be, xp, x: be.jvp(lambda a: a, (x,), (xp.asarray([1, 2], dtype=xp.int32),)),
    "pullback of another shape": lambda be, xp, x: be.vjp(lambda a: a, x)[1](xp.zeros((3,), dtype=xp.float32)),
    "vmap over two sizes": lambda be, xp, x: be.vmap(lambda a, b: a * b)(x, xp.zeros((3,), dtype=xp.float32)),
    "mode that is none": lambda be, xp, x: be.jacobian(lambda a: a, mode="sideways"),
    "target of Python": recorded(lambda be, t, y, v: t.grad(1.0, v)),
    "target from elsewhere": recorded(lambda be, t, y, v: t.grad(be.stop_gradient(v), v)),
    "target of text": recorded(lambda be, t, y, v: t.grad("y", v)),
    "target of ints": recorded(lambda be, t, y, v: t.grad(be.xp.asarray([1], dtype=be.xp.int32), v)),
    "source that is no array": recorded(lambda be, t, y, v: t.grad(y, 1.0)),
    "source of text": recorded(lambda be, t, y, v: t.grad(y, {"w": "v"})),
    "source that is nothing": recorded(lambda be, t, y, v: t.grad(y, [v, None])),
    "source that is not watched": recorded(lambda be, t, y, v: t.grad(y, be.xp.ones((2,), dtype=be.xp.float32))),
    "source of ints": recorded(lambda be, t, y, v: t.grad(y, be.xp.asarray([1], dtype=be.xp.int32))),
    "cotangent of another shape": recorded(lambda be, t, y, v: t.grad(y, v, cotangent=be.xp.zeros((1,)))),
    "cotangent of an int": recorded(lambda be, t, y, v: t.grad(y, v, cotangent=1)),
    "cotangent of another tree": recorded(lambda be, t, y, v: t.grad(y, v, cotangent=[1.0])),
    "complex cotangent": recorded(lambda be, t, y, v: t.grad(y, v, cotangent=1j)),
    "unconnected that is none": recorded(lambda be, t, y, v: t.grad(y, v, unconnected="nan")),
    "unconnected refused": recorded(lambda be, t, y, v: t.grad(y, [v, be.variable(1.0)], unconnected="raise")),
    "out of another shape": recorded(lambda be, t, y, v: t.grad(y, v, out=be.variable([1.0]))),
    "out of another tree": recorded(lambda be, t, y, v: t.grad(y, v, out=[be.variable([1.0])])),
    "out of Python": recorded(lambda be, t, y, v: t.grad(y, v, out=1.0)),
    "a second gradient": recorded(lambda be, t, y, v: (t.grad(y, v), t.grad(y, v))),
    "a tape entered twice": recorded(lambda be, t, y, v: t.__enter__()),
    "watch on a closed tape": recorded(lambda be, t, y, v: t.watch(v)),
    "gradient of a tape never entered": lambda be, xp, x: be.tape().grad(x, x),
    "watch of an int": watching(1),
    "watch of text": watching({"w": "x"}),
}
TYPES = re.compile(
    r"\b(torch|tf|jax|jnp|numpy)\.|\b(?:an? )?(Tensor|EagerTensor|ArrayImpl|ResourceVariable|Variable|Array)\b"
)
DTYPES = re.compile(r"<dtype: '(\w+)'>")


def seen(name: str, misuse: Misuse) -> tuple[type[BaseException], str]:
    """The error that a backend raises, with its message in words that name no framework."""
    be = ad.backend(name, conventions="native")
    with pytest.raises(Exception) as caught:  # noqa: PT011  (which one is what is asked)
        misuse(be, be.xp, be.xp.asarray(np.array([1.0, 2.0], np.float32)))
    assert caught.type.__module__ in {"autodiff_spec", "builtins"}, caught.value
    message = DTYPES.sub(r"\1", str(caught.value)).replace(repr(name), "'the backend'")
    return caught.type, TYPES.sub(lambda match: "" if match[1] else "Array", message)


@pytest.mark.parametrize("misuse", MISUSES)
def test_the_errors_are_the_same(misuse: str) -> None:
    names = [name for name in ADAPTERS if name in ad.available_backends()]
    errors = {name: seen(name, MISUSES[misuse]) for name in names}
    first = next(iter(errors.values()), None)
    assert set(errors.values()) <= {first}, errors
