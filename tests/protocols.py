"""The types of ``ad.xp()`` and ``ad.extra()``, written from signatures: ``python -m tests.protocols``.

Those of the standard's functions come from array-api-strict, where the standard's maintainers annotate them; those of
``extra`` from `autodiff_spec.core.names`. Without array-api-strict the standard's part stays as it is.
"""

from __future__ import annotations

import importlib.util
import inspect
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from autodiff_spec._shared import IndexedUpdate
from autodiff_spec.core.names import DTYPES, EXTRA, FFT, LINALG, MAIN

CORE = Path(__file__).resolve().parent.parent / "autodiff_spec" / "core"
STANDARD, BEYOND = CORE / "namespace.py", CORE / "beyond.py"

HEAD = '''"""{what}, for editors and checkers of types; no running program imports this.

Written by ``python -m tests.protocols`` from {source}.
"""

from __future__ import annotations

from typing import {names}
'''
TYPES = '''
Array: TypeAlias = Any
DType: TypeAlias = Any
Device: TypeAlias = Any
Flag: TypeAlias = bool  # in a namespace `bool` is a dtype
'''
CONSTANTS = {"e": "float", "inf": "float", "nan": "float", "newaxis": "None", "pi": "float"}
SOME = ("float16", "bfloat16")
"""Dtypes beyond the standard, which a backend has where it declares so."""

KNOWN = re.compile(
    r"\b(?:None|int|float|complex|bool|str|tuple|list|Sequence|Literal|Array|DType|Device|Flag)\b|'[a-z]+'|\.\.\."
)


def annotation(given: Any) -> str:
    """How a type is written here: what has no name here may be anything."""
    if given is inspect.Parameter.empty:
        return "Any"
    text = given if isinstance(given, str) else inspect.formatannotation(given)
    text = re.sub(r"\w+(?:\.\w+)+", lambda match: match[0].rpartition(".")[2], text.replace('"', "'"))
    text = re.sub(r" \| Undef|Undef \| ", "", text.strip("'") if text.startswith("'") else text)
    return text if not re.sub(r"[\[\], |]", "", KNOWN.sub("", text)) else "Any"


def method(name: str, signature: inspect.Signature) -> str:
    """A function of a namespace as a method of its type."""
    given = [
        one.replace(annotation=inspect.Parameter.empty, default=inspect.Parameter.empty)
        for one in signature.parameters.values()
    ]
    shown = dict(zip(signature.parameters, map(str, given), strict=True))
    for one in signature.parameters.values():
        if type(one.default) is bool and one.annotation is inspect.Parameter.empty:
            one = one.replace(annotation="bool")
        known = "" if one.default is inspect.Parameter.empty else f" = {default(one.default)}"
        shown[one.name] = f"{shown[one.name]}: {annotation(one.annotation)}{known}"
    result = annotation(signature.return_annotation)
    return f"    def {name}({', '.join(ordered(signature, shown))}) -> {result}: ..."


def ordered(signature: inspect.Signature, shown: dict[str, str]) -> Iterable[str]:
    """The parameters behind ``self``, with the marks of what is positional and what is named."""
    parameters = [inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY), *signature.parameters.values()]
    if all(one.kind is not inspect.Parameter.POSITIONAL_ONLY for one in parameters[1:]):
        parameters[0] = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    bare = [one.replace(annotation=inspect.Parameter.empty, default=inspect.Parameter.empty) for one in parameters]
    for mark in str(inspect.Signature(bare)).strip("()").split(", "):
        yield shown.get(mark.lstrip("*"), mark) if mark not in ("/", "*") else mark


def default(value: Any) -> str:
    return repr(value) if isinstance(value, (bool, int, float, str, type(None))) else "..."


def protocol(name: str, text: str, *lines: str) -> str:
    return "\n".join([f'class {name}(Protocol):\n    """{text}"""\n', *lines, ""])


def standard() -> str:
    """The module of the standard's types, from array-api-strict."""
    import array_api_strict as strict

    def functions(namespace: Any, names: Iterable[str]) -> list[str]:
        found = [method(name, inspect.signature(getattr(namespace, name))) for name in names]
        return [re.sub(r"\bbool\b", "Flag", line) for line in found]

    head = HEAD.format(
        what="The namespaces of the Python array API standard as types", names="Any, Literal, Protocol, TypeAlias",
        source=f"array-api-strict {strict.__version__} (the standard {strict.__array_api_version__})",
    )  # fmt: skip
    head = head.replace("from typing", "from collections.abc import Sequence\nfrom typing")
    constants = [f"    {name}: {kind}" for name, kind in CONSTANTS.items()]
    dtypes = [f"    {name}: DType" for name in (*DTYPES, *SOME)]
    inner = ["    linalg: Linalg", "    fft: Fft", ""]
    return "\n\n".join(
        [
            head + TYPES,
            protocol("Linalg", "The functions of ``xp.linalg``.", *functions(strict.linalg, LINALG)),
            protocol("Fft", "The functions of ``xp.fft``.", *functions(strict.fft, FFT)),
            protocol("Namespace", "The type of ``ad.xp()``.", *constants, *dtypes, *inner, *functions(strict, MAIN)),
        ]
    )


def beyond() -> str:
    """The module of the types beyond the standard, from their signatures."""
    head = HEAD.format(
        what="The functions beyond the standard as a type", names="Any, Protocol",
        source="the signatures in `autodiff_spec.core.names.EXTRA`",
    )  # fmt: skip
    writes = (name for name in vars(IndexedUpdate) if not name.startswith("_"))
    update = [method(name, inspect.signature(getattr(IndexedUpdate(0, 0), name))) for name in writes]
    functions = [method(name, inspect.signature(eval(f"lambda {given[1:-1]}: 0"))) for name, given in EXTRA.items()]
    functions = [line.replace("-> Any", "-> IndexedUpdate") if " at(" in line else line for line in functions]
    return "\n\n".join(
        [
            head,
            protocol("IndexedUpdate", "The type of ``extra.at(x, idx)``, whose methods give new arrays.", *update),
            protocol("Extra", "The type of ``ad.extra()``.", *functions),
        ]
    )


if __name__ == "__main__":
    BEYOND.write_text(beyond(), "utf-8")
    if importlib.util.find_spec("array_api_strict") is not None:
        STANDARD.write_text(standard(), "utf-8")
