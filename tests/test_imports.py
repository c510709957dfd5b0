"""What `import autodiff_spec` loads, and what it makes public."""

from functools import partial

import pytest

from tests import fresh

HEAVY = {"torch", "tensorflow", "jax", "jaxlib", "keras", "mpmath", "hypothesis", "pytest", "scipy", "matplotlib"}
run = partial(fresh.program, PYTHONWARNINGS="error")


@pytest.mark.parametrize(
    "program",
    [
        "import autodiff_spec",
        "import autodiff_spec as ad; ad.available_backends()",
        "import autodiff_spec as ad; ad.backend('numpy').grad(lambda x: x * x)(3.0)",
    ],
    ids=["import", "available_backends", "numpy"],
)
def test_no_framework_is_loaded_unless_it_is_used(program: str) -> None:
    assert run(f"import sys; {program}; print(*({HEAVY} & set(sys.modules)))") == ""


def test_the_import_loads_no_backend_no_tool_and_no_clause() -> None:
    program = "import sys, autodiff_spec; print(*sorted(m for m in sys.modules if m.startswith('autodiff_')))"
    lazy = tuple(f"autodiff_spec.{name}" for name in (
        "clauses", "oracle", "conformance", "report", "cli", "logged", "diff", "graph", "plot", "core.namespace",
        "core.beyond"))  # fmt: skip
    loaded = run(program).split()
    assert [m for m in loaded if m.startswith(lazy) or not m.startswith("autodiff_spec")] == []


def test_all_lists_exactly_the_public_names() -> None:
    program = """
import types, autodiff_spec as ad
names = [name for name in ad.__all__ if not name.startswith('_')]
public = {n for n in dir(ad) if not n.startswith('_') and not isinstance(getattr(ad, n), types.ModuleType)}
missing = [name for name in ad.__all__ if not hasattr(ad, name)]
print(sorted(set(names) ^ public), missing, len(ad.__all__) - len(set(ad.__all__)))
"""
    assert run(program) == "[] [] 0"
