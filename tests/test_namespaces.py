"""Each backend's namespaces have every name of the standard, and `extra` every function that all backends share."""

import inspect
from typing import Any

import pytest

import autodiff_spec as ad
from autodiff_spec.core import beyond, namespace
from autodiff_spec.core.names import DTYPES, EXTRA, FFT, LINALG, MAIN
from tests import protocols

GROUPS = {"": (*MAIN, *DTYPES), "linalg": LINALG, "fft": FFT}


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("name", ["numpy", "torch", "tensorflow", "jax"])
def test_a_namespace_has_every_name_of_the_standard(name: str, group: str) -> None:
    pytest.importorskip(name)
    xp = ad.backend(name).xp
    namespace = getattr(xp, group) if group else xp
    assert [each for each in GROUPS[group] if not hasattr(namespace, each)] == []


@pytest.mark.parametrize("name", ["numpy", "torch", "tensorflow", "jax"])
def test_extra_has_every_shared_function(name: str) -> None:
    pytest.importorskip(name)
    assert [each for each in EXTRA if not hasattr(ad.backend(name).extra, each)] == []


# --- as types ---------------------------------------------------------------------------------------------------

TYPES: dict[str, type] = {
    "": namespace.Namespace, "linalg": namespace.Linalg, "fft": namespace.Fft, "extra": beyond.Extra
}  # fmt: skip


def functions(group: str) -> dict[str, Any]:
    """The functions of a type, by their names."""
    return {name: one for name, one in vars(TYPES[group]).items() if name in {*MAIN, *LINALG, *FFT, *EXTRA}}


def test_the_types_have_every_name() -> None:
    for group, names in GROUPS.items():
        assert set(names) <= {*functions(group), *TYPES[group].__annotations__}
    assert set(functions("extra")) == set(EXTRA)


def test_the_type_of_extra_is_that_of_its_signatures() -> None:
    assert protocols.BEYOND.read_text("utf-8") == protocols.beyond(), "run python -m tests.protocols"


def test_the_types_of_the_standard_are_those_of_array_api_strict() -> None:
    pytest.importorskip("array_api_strict")
    assert protocols.STANDARD.read_text("utf-8") == protocols.standard(), "run python -m tests.protocols"


@pytest.mark.parametrize("group", TYPES)
@pytest.mark.parametrize("name", ["numpy", "torch", "tensorflow", "jax"])
def test_a_backend_takes_what_the_types_allow(name: str, group: str) -> None:
    """Every argument by itself, beside those that are needed: what a checker lets pass does not fail for its name."""
    pytest.importorskip(name)
    be = ad.backend(name)
    found = be.extra if group == "extra" else getattr(be.xp, group) if group else be.xp
    refused = []
    for each, method in functions(group).items():
        parameters = list(inspect.signature(method).parameters.values())[1:]
        needed = [one for one in parameters if one.default is one.empty and one.kind is not one.VAR_POSITIONAL]
        try:
            signature = inspect.signature(getattr(found, each))
        except ValueError:  # NumPy's functions in C say nothing
            continue
        for named in ({}, *({one.name: None} for one in parameters if one.kind is one.KEYWORD_ONLY)):
            try:
                signature.bind(*range(len(needed)), **named)
            except TypeError as error:
                refused.append(f"{each}({named}): {error}")
    assert refused == []
