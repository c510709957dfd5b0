"""Each backend's namespaces have every name of the standard, and `extra` every function that all backends share."""

import pytest

import autodiff_spec as ad
from autodiff_spec.core.names import DTYPES, EXTRA, FFT, LINALG, MAIN

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
