"""Who may import whom: the rules of the architecture page, checked over the syntax trees."""

import ast
import graphlib
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FRAMEWORK = {
    "autodiff_numpy": {"numpy", "scipy"},
    "autodiff_torch": {"torch"},
    "autodiff_tensorflow": {"tensorflow"},
    "autodiff_jax": {"jax"},
}
BACKENDS = set(FRAMEWORK)
FRAMEWORKS = {"torch", "tensorflow", "keras", "jax", "jaxlib"}
CORE = {"autodiff_spec", "numpy", "array_api_compat", "optree", *sys.stdlib_module_names}
SUITE = {"autodiff_spec", "numpy", "pytest", "_pytest", "hypothesis", *sys.stdlib_module_names}
TOOLS = {"autodiff_spec.conformance", "autodiff_spec.report", "autodiff_spec.cli"}
ASK_THE_ORACLE = {"autodiff_spec.gradient_check.exact", "autodiff_spec.diff._exact"}  # lazily
DRAW = {"autodiff_spec.textbook.picture", "autodiff_spec.plot._figure"}  # with matplotlib, lazily
GIVE_TO_SCIPY = {"autodiff_spec.operators._linearize"}  # lazily
SPREAD = {"autodiff_numpy._distribution"}  # for the suite, with Dask
AT_HOME_ONLY = {"tests", "benchmarks", "backends", "conftest", "examples"}
LAYERS: tuple[set[str], ...] = (
    {"core"},
    {"_shared", "_slopes", "beyond", "clauses", "oracle"},
    {"operators"},
    {"recording", "gradient_check"},
    {"_backend"},
    {"_discovery", "logged"},
    {"programs"},
    {"diff", "graph", "plot", "report"},
    {"_functions"},
    {"__init__"},
    {"textbook", "testing"},
    {"conformance", *BACKENDS},
    {"cli"},
    {"__main__"},
)
"""Folders and files of `autodiff_spec`, and the backends, lowest first: each imports itself and lower ones alone."""


def imports(module: str, is_package: bool, source: str) -> Iterator[tuple[str, bool]]:
    """Yield each module imported, its full name, and whether that happens inside a function."""
    package = module if is_package else module.rpartition(".")[0]
    todo: list[tuple[ast.AST, bool]] = [(ast.parse(source), False)]
    while todo:
        node, lazy = todo.pop()
        lazy = lazy or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        todo += [(child, lazy) for child in ast.iter_child_nodes(node)]
        if isinstance(node, ast.Import):
            yield from ((alias.name, lazy) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((f"{base}.{alias.name}", lazy) for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            literal = [arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant)]
            yield from ((name, lazy) for name in literal if isinstance(name, str))


def within(name: str, packages: set[str]) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


def is_allowed(module: str, target: str, lazy: bool) -> bool:
    """Apply the rules to one import."""
    top, _, rest = module.partition(".")
    if within(target, AT_HOME_ONLY):  # rule 4, and never `import backends.autodiff_numpy`
        return False
    if top in BACKENDS:  # rule 3
        allowed = {top, *CORE, *FRAMEWORK[top], *({"dask", "cloudpickle"} if module in SPREAD else ())}
        return within(target, allowed) and not within(target, {"autodiff_spec.oracle", *TOOLS})
    if rest.startswith("conformance"):  # rule 2
        return within(target, SUITE)
    if rest == "testing":
        return within(target, {*CORE, "pytest"})
    if rest.partition(".")[0] in {"oracle", "report", "cli", "__main__"}:
        return not within(target, {*FRAMEWORKS, *BACKENDS})
    if within(target, {"autodiff_spec.oracle"}):  # rule 1
        return lazy and module in ASK_THE_ORACLE
    if module in DRAW and within(target, {"matplotlib"}):
        return lazy
    if module in GIVE_TO_SCIPY and within(target, {"scipy"}):
        return lazy
    return within(target, CORE) and not within(target, TOOLS)


def offences(module: str, source: str, is_package: bool = False) -> list[str]:
    return [
        f"{module} imports {target}"
        for target, lazy in imports(module, is_package, source)
        if not is_allowed(module, target, lazy)
    ]


def files() -> Iterator[tuple[str, bool, Path]]:
    for base in (ROOT, ROOT / "backends"):
        for path in sorted(base.glob("autodiff_*/**/*.py")):
            *package, stem = path.relative_to(base).with_suffix("").parts
            is_package = stem == "__init__"
            yield ".".join(package if is_package else [*package, stem]), is_package, path


def test_every_import_follows_the_rules() -> None:
    found = list(files())
    assert {module.partition(".")[0] for module, _, _ in found} == {"autodiff_spec", *BACKENDS}
    for module, is_package, path in found:
        assert offences(module, path.read_text("utf-8"), is_package) == []


COMPILED = "autodiff_numpy._speed"
"""Not written in Python; it imports nothing of ours."""


# --- circles and layers -----------------------------------------------------------------------------------------


def graph_of(sources: Mapping[str, tuple[str, bool]]) -> dict[str, set[str]]:
    """Module -> the modules among ``sources`` that it imports, at the top, inside functions, or for types alone."""
    graph: dict[str, set[str]] = {}
    for module, (source, is_package) in sources.items():
        every = (name for name, _ in imports(module, is_package, source) if name != COMPILED)
        found = {name if name in sources else name.rpartition(".")[0] for name in every}
        graph[module] = (found & set(sources)) - {module}
    return graph


def everything() -> dict[str, set[str]]:
    return graph_of({module: (path.read_text("utf-8"), is_package) for module, is_package, path in files()})


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """A circle of imports, or nothing."""
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return list(error.args[1])
    return []


def group(module: str) -> str:
    """The part of the house that a module belongs to, as `LAYERS` names it."""
    top, _, rest = module.partition(".")
    return (rest.partition(".")[0] or "__init__") if top == "autodiff_spec" else top


def upward(graph: Mapping[str, set[str]]) -> list[str]:
    """The imports that do not lead to the module's own part or to a lower layer."""
    height = {part: number for number, layer in enumerate(LAYERS) for part in layer}
    return [
        f"{module} imports {target}"
        for module, targets in graph.items()
        for target in sorted(targets)
        if group(target) != group(module) and height[group(target)] >= height[group(module)]
    ]


def test_no_imports_form_a_circle() -> None:
    assert circle(everything()) == []


def test_imports_lead_downwards() -> None:
    assert upward(everything()) == []


def test_no_other_module_lies_loose_at_the_top() -> None:
    loose = {path.stem for path in (ROOT / "autodiff_spec").glob("*.py")}
    assert loose == {"__init__", "__main__", "_backend", "_discovery", "_functions", "_shared", "_slopes"}


@pytest.mark.parametrize(
    "source",
    [
        "from autodiff_spec.b import g",
        "def f():\n    from autodiff_spec import b",
        "if TYPE_CHECKING:\n    from autodiff_spec.b import g",
        "import importlib\nload = lambda: importlib.import_module('autodiff_spec.b')",
    ],
)
def test_a_circle_of_any_kind_is_noticed(source: str) -> None:
    graph = graph_of({"autodiff_spec.a": (source, False), "autodiff_spec.b": ("import autodiff_spec.a", False)})
    assert set(circle(graph)) == {"autodiff_spec.a", "autodiff_spec.b"}


def test_an_arrow_upwards_or_aside_is_noticed() -> None:
    assert upward({"autodiff_spec.core.tape": {"autodiff_spec._backend"}}) != []
    assert upward({"autodiff_torch._tape": {"autodiff_jax._tape"}}) != []
    assert upward({"autodiff_spec.diff._align": {"autodiff_spec.logged"}}) == []


# --- the rules themselves ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("autodiff_spec.core.tape", "import torch"),
        ("autodiff_spec.core.tape", "def f():\n    import jax.numpy as jnp"),
        ("autodiff_spec.core.tape", "import importlib\nimportlib.import_module('tensorflow')"),
        ("autodiff_spec.core.tape", "def f():\n    from .. import oracle"),
        ("autodiff_spec.core.tape", "from ..conformance import plugin"),
        ("autodiff_spec.gradient_check.exact", "from ..oracle import differences"),
        ("autodiff_spec.operators.grad", "def f():\n    from ..oracle import differences"),
        ("autodiff_spec.operators.grad", "def f():\n    from ..conformance.checks import close"),
        ("autodiff_spec.textbook.picture", "import matplotlib"),
        ("autodiff_spec.plot._figure", "from matplotlib.figure import Figure"),
        ("autodiff_spec.plot._curves", "def f():\n    import matplotlib"),
        ("autodiff_spec.diff._exact", "from autodiff_spec import oracle"),
        ("autodiff_spec.diff._align", "def f():\n    from autodiff_spec import oracle"),
        ("autodiff_spec.logged._log", "import rich"),
        ("autodiff_spec.graph._svg", "from ..report import terminal"),
        ("autodiff_spec.textbook.training", "def f():\n    import matplotlib"),
        ("autodiff_spec.operators.grad", "import autodiff_numpy"),
        ("autodiff_spec.oracle.differences", "import autodiff_numpy"),
        ("autodiff_spec.report.table", "import torch"),
        ("autodiff_spec.conformance.test_tape", "import torch"),
        ("autodiff_spec.conformance.test_tape", "from autodiff_numpy import Array"),
        ("autodiff_torch._tape", "import jax"),
        ("autodiff_torch._tape", "from autodiff_numpy._array import Array"),
        ("autodiff_torch._tape", "from autodiff_spec.conformance import checks"),
        ("autodiff_torch._tape", "import scipy.special"),
        ("autodiff_torch._tape", "def f():\n    from autodiff_spec import oracle"),
        ("autodiff_spec.cli", "from tests.mutants import MUTANTS"),
        ("autodiff_spec.cli", "import backends.autodiff_numpy"),
    ],
)
def test_an_import_against_the_rules_is_noticed(module: str, source: str) -> None:
    assert offences(module, source) != []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("autodiff_spec.core.tape", "from ._errors import TapeError\nfrom . import _trees\nimport numpy, optree"),
        ("autodiff_spec.gradient_check.exact", "def f():\n    from ..oracle import differences"),
        ("autodiff_spec.textbook.picture", "def f():\n    from matplotlib.figure import Figure"),
        ("autodiff_spec.diff._exact", "def f():\n    from autodiff_spec import oracle"),
        ("autodiff_spec.cli.diff", "import rich, typer\nfrom autodiff_spec.diff import compared"),
        ("autodiff_spec.oracle.differences", "import mpmath"),
        ("autodiff_spec.conformance.test_tape", "import pytest\nimport hypothesis\nfrom .. import oracle"),
        ("autodiff_torch.xp", "import torch.nn\nfrom ._tape import Tape\nimport array_api_compat.torch"),
        ("autodiff_numpy._special", "from scipy import special"),
    ],
)
def test_an_import_within_the_rules_passes(module: str, source: str) -> None:
    assert offences(module, source) == []


# --- docstrings -------------------------------------------------------------------------------------------------


def test_docstrings_stand_alone() -> None:
    """An editor shows one docstring and no neighbour: none begins by pointing at something else."""
    anaphoric = [
        f"{module}.{node.name}: {docstring}"
        for module, _, path in files()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and (docstring := ast.get_docstring(node) or "").startswith(("What ", "The same", "Of "))
    ]
    assert anaphoric == []
