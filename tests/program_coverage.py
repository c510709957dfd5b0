"""What random programs reach: ``python -m tests.program_coverage [EXAMPLES]`` prints the table of docs/programs.md."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable

from hypothesis import HealthCheck, Phase, given, settings

from autodiff_spec import backend
from autodiff_spec.conformance.functions import FUNCTIONS
from autodiff_spec.conformance.programs import POOL, Case, cases, check_case, pool_of
from autodiff_spec.conformance.programs._truth import Truth

EXAMPLES = 1000


def drawn(count: int, *dtypes: str) -> list[Case]:
    """So many programs, the same in every run, to be computed in one of these dtypes."""
    found: list[Case] = []
    dtypes = dtypes or ("float64", "float32")

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases(pool_of(backend("numpy"), dtypes[0]), dtypes=dtypes))
    def collect(case: Case) -> None:
        found.append(case)

    collect()
    return found


def pairs_of(case: Case) -> set[tuple[str, str]]:
    """The functions of which one takes what the other gives, conditions left out."""
    first, statements = len(case.args), case.program.statements
    return {
        (statements[i - first].operation.name, statement.operation.name)
        for statement in statements
        for i in statement.arguments
        if i >= first and statement.operation.name and statements[i - first].operation.name
    }


def table(found: list[Case]) -> list[tuple[str, str]]:
    """What is said of programs, and the figures."""
    pool = pool_of(backend("numpy"))
    names = {operation.name for operation in pool}
    reached = {operation.name for case in found for operation in case.program.operations} & names
    templates = {operation.template for case in found for operation in case.program.operations}
    pairs = set().union(*map(pairs_of, found))
    shapes = {shape for case in found for shape in case.program.shapes}
    rows = {function.name for function in FUNCTIONS}
    smooth = sum(not Truth(case.program.function, case.args).near_kink for case in found)
    return [
        ("programs", f"{len(found)}"),
        ("operations of the table reached", _share(templates & {o.template for o in pool}, {o.template for o in pool})),
        ("functions and constructs reached", _share(reached, names)),
        ("of the functions of chapter FUN", _share(reached & rows, rows)),
        ("pairs reached, one taking what the other gives", _share(pairs, [None] * len(names) ** 2)),
        ("shapes of arguments reached", _share(shapes & set(POOL), POOL)),
        ("programs in float32", _share([c for c in found if c.dtype == "float32"], found)),
        ("with a 0-d argument", _share([c for c in found if () in c.program.shapes], found)),
        ("with an empty argument", _share([c for c in found if any(not a.size for a in c.args)], found)),
        ("with a value that is used twice or more", _share([c for c in found if _fans_out(c)], found)),
        *((f"with {group}", _share([c for c in found if group in _groups(c)], found)) for group in GROUPS),
        ("compared with the oracle, for they are at no kink", f"{100 * smooth / len(found):.0f} %"),
        ("statements, on average", f"{sum(len(c.program.statements) for c in found) / len(found):.1f}"),
    ]


def narrow_table(count: int) -> list[tuple[str, str]]:
    """The same of programs of complex numbers, and of 16 bits."""
    be, rows = backend("numpy"), []
    for what, dtypes in (("of complex numbers", ("complex128", "complex64")), ("in float16", ("float16",))):
        found, pool = drawn(count, *dtypes), {operation.template for operation in pool_of(be, dtypes[0])}
        templates = {operation.template for case in found for operation in case.program.operations}
        rows.append((f"operations reached by {count} programs {what}", _share(templates & pool, pool)))
        rows.append((f"{what}, compared", _share([c for c in found if check_case("grad", be, c)], found)))
    return rows


GROUPS = ("control flow", "stop", "nesting", "custom rules", "view", "kink")


def _groups(case: Case) -> set[str]:
    return {operation.group for operation in case.program.operations}


def _fans_out(case: Case) -> bool:
    uses = Counter(i for statement in case.program.statements for i in statement.arguments)
    return max(uses.values(), default=0) > 1


def _share(part: Iterable[object], whole: Iterable[object]) -> str:
    reached, count = len(list(part)), len(list(whole))
    return f"{reached} of {count} ({100 * reached / count:.0f} %)"


def main() -> int:
    """Print the table in Markdown."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else EXAMPLES
    print("| | |\n|---|---|")
    for what, figure in [*table(drawn(count)), *narrow_table(count // 4)]:
        print(f"| {what} | {figure} |")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
