"""Which backend is meant: names, the environment, entry points, ``module:attribute``; and what is said when none is."""

from __future__ import annotations

import importlib.util
import sys
import threading
from types import ModuleType

import pytest

import autodiff_spec as ad
from autodiff_spec import _discovery


@pytest.fixture
def own(monkeypatch):
    """A module of a stranger's, with a backend, a factory, and something else."""
    numpy = ad.backend("numpy")
    module = ModuleType("strangers")
    module.backend = numpy
    module.factory = lambda conventions: numpy
    module.nonsense = 3
    monkeypatch.setitem(sys.modules, "strangers", module)
    monkeypatch.setattr(_discovery, "_loaded", {})
    return numpy


def test_a_backend_is_the_same_object_each_time():
    assert ad.backend("numpy") is ad.backend("numpy")
    assert ad.backend("numpy").name == "numpy"


def test_the_environment_chooses_when_nothing_else_does(monkeypatch, own):
    monkeypatch.setenv("AUTODIFF_SPEC_BACKEND", "strangers:backend")
    assert ad.backend() is own
    monkeypatch.delenv("AUTODIFF_SPEC_BACKEND")
    assert ad.backend().name == "numpy"


def test_use_backend_wins_over_the_environment_and_ends_with_its_block(monkeypatch, own):
    monkeypatch.setenv("AUTODIFF_SPEC_BACKEND", "no_such_backend")
    with ad.use_backend("strangers:factory") as be:
        assert ad.backend() is be is own
        assert ad.xp() is own.xp
    with pytest.raises(ad.BackendNotFoundError):
        ad.backend()


def test_use_backend_is_seen_by_its_own_thread_alone():
    seen = []
    with ad.use_backend("numpy", conventions="spec"):
        thread = threading.Thread(target=lambda: seen.append(ad.backend().conventions))
        thread.start()
        thread.join()
        assert ad.backend().conventions == "spec"
    assert seen == ["native"]


def test_an_unknown_name_is_refused_with_the_names_there_are():
    with pytest.raises(ad.BackendNotFoundError, match=r"no backend called 'nampy'.*numpy"):
        ad.backend("nampy")


@pytest.mark.parametrize("name", ["strangers:missing", "no.such.module:backend", "strangers:nonsense"])
def test_a_wrong_attribute_is_refused(own, name):
    with pytest.raises(ad.BackendNotFoundError):
        ad.backend(name)


def test_an_error_inside_a_strangers_module_stays_its_own(tmp_path, monkeypatch):
    (tmp_path / "broken_engine.py").write_text("import math\nmath.no_such_function\n")
    (tmp_path / "needy_engine.py").write_text("import a_package_that_nobody_has\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(AttributeError, match="no_such_function"):
        ad.backend("broken_engine:backend")
    with pytest.raises(ModuleNotFoundError, match="a_package_that_nobody_has"):
        ad.backend("needy_engine:backend")


def test_a_missing_framework_says_how_to_install_it(monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name == "torch" else find(name, *a))
    monkeypatch.setattr(_discovery, "_loaded", {})
    with pytest.raises(ad.BackendNotInstalledError, match=r"run: pip install 'torch>=[\d.]+'$"):
        ad.backend("torch")
    assert "torch" not in ad.available_backends()


def test_an_entry_point_is_found(monkeypatch, own):
    class Entry:
        def load(self):
            return own

    monkeypatch.setattr(_discovery, "_entry_points", lambda: {"theirs": Entry()})
    assert ad.backend("theirs") is own
    assert "theirs" in ad.available_backends()


def test_unknown_conventions_are_refused():
    with pytest.raises(ValueError, match="native, spec"):
        ad.backend("numpy", conventions="mathematical")


def test_functions_of_the_module_follow_the_current_backend_when_they_are_called():
    calls = []

    class Recording(type(ad.backend("numpy"))):
        name = "recording"

        def grad(self, f, argnums=0, *, has_aux=False):
            calls.append(argnums)
            return super().grad(f, argnums, has_aux=has_aux)

    gradient = ad.grad(lambda x, y: x * y, argnums=1)
    with ad.use_backend(Recording()):
        assert float(gradient(2.0, 3.0)) == 2.0
    assert calls == [1]


def test_a_hook_that_an_engine_leaves_out_is_named():
    class Bare(ad.Backend):
        name, version = "bare", "1"
        array_types = (float,)
        capabilities = frozenset({ad.Capability.TAPE})

    with pytest.raises(NotImplementedError, match=r"Bare does not implement the hook _tape\(\)"):
        Bare().tape()
