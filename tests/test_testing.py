"""`autodiff_spec.testing`, as a library's own tests use it: it finds what the library loses."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

import autodiff_spec as ad
from autodiff_spec.testing import assert_gradient, backend
from tests import fresh

__all__ = ["backend"]

LIBRARY = """
import autodiff_spec as ad
import numpy as np

def right(x):
    xp = ad.xp()
    return xp.sum(xp.exp(-x) * x)

def lost(x):
    xp = ad.xp()
    return xp.sum(x * xp.asarray(ad.to_numpy(x)))

def cast(x):
    xp = ad.xp()
    return xp.sum(x * xp.asarray(np.sin(ad.to_numpy(x)), dtype=x.dtype))
"""
TESTS = """
import pytest
import autodiff_spec as ad
import library
from autodiff_spec.testing import assert_gradient, backend

def test_right(backend):
    assert_gradient(library.right, backend.asarray([0.5, 2.0], dtype=backend.xp.float64), order=2)

@pytest.mark.parametrize("name", ["lost", "cast"])
def test_wrong(backend, name):
    with pytest.raises(ad.GradientCheckError, match=r"\\bx\\b"):
        assert_gradient(getattr(library, name), backend.asarray([0.5, 2.0], dtype=backend.xp.float64))
"""


def test_the_fixture_makes_each_backend_current(backend: ad.Backend) -> None:
    assert ad.backend() is backend
    x = backend.asarray([0.5, 2.0], dtype=backend.xp.float64)
    report = assert_gradient(lambda a: ad.xp().sum(ad.xp().sin(a) * a), x, order=2)
    assert report.passed
    with pytest.raises(AssertionError, match="lost"):
        assert_gradient(lambda lost: ad.xp().asarray(ad.to_numpy(lost)) * lost, x)


@pytest.mark.parametrize("parallel", [False, True], ids=["alone", "xdist"])
def test_a_librarys_own_tests(tmp_path: Path, parallel: bool) -> None:
    if parallel and importlib.util.find_spec("xdist") is None:
        pytest.skip("pytest-xdist is not installed")
    (tmp_path / "library.py").write_text(LIBRARY, "utf-8")
    (tmp_path / "test_library.py").write_text(TESTS, "utf-8")
    options: tuple[Any, ...] = ("-n", "2") if parallel else ()
    done = fresh.python("-m", "pytest", "-q", "-p", "no:cacheprovider", "test_library.py", *options, cwd=tmp_path)
    count = 3 * len([name for name in ("numpy", "torch", "tensorflow", "jax") if name in ad.available_backends()])
    assert f"{count} passed" in done.stdout, done.stdout
