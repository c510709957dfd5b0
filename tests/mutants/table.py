"""The table of docs/mutants.md: ``python -m tests.mutants.table FILE.json ...`` prints it from what `run` wrote."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from autodiff_spec.clauses import CLAUSES, MUST

HEAD = """# Mutants

Wrong engines, each with one bug, and the test that notices it. `make mutants` makes this page
(`tests/mutants/table.py`). The suite is collected once, and the process forks for each mutant; of the tests of the
clauses that a mutant names those without drawn arguments run first, and the first failure ends it. What such a test
kills, it kills with every seed; where a drawn one was needed, all six seeds were run.
"""


def page(rows: list[dict[str, Any]]) -> str:
    """The page in Markdown."""
    mutants: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        mutants[row["name"]].append(row)
    mechanical = {name: runs for name, runs in mutants.items() if ":" in name}
    written = {name: runs for name, runs in mutants.items() if name not in mechanical}
    return "\n".join([HEAD, _summary(written, mechanical), _written(written), _by_rule(mechanical), _clauses(rows)])


def _killed(runs: list[dict[str, Any]]) -> bool:
    return all(run["failed"] for run in runs)


def _summary(*groups: dict[str, list[dict[str, Any]]]) -> str:
    lines = ["| | mutants | killed with every seed | by drawn tests | seconds |", "|---|---|---|---|---|"]
    for title, group in zip(("written by hand", "mechanical"), groups, strict=True):
        killed = sum(map(_killed, group.values()))
        drawn = sum(any(run["drawn"] for run in runs) for runs in group.values())
        seconds = sum(run["seconds"] for runs in group.values() for run in runs)
        lines.append(f"| {title} | {len(group)} | {killed} | {drawn} | {seconds:.0f} |")
    return "\n".join([*lines, ""])


def _written(mutants: dict[str, list[dict[str, Any]]]) -> str:
    lines = ["## Written by hand", "", "| mutant | bug | clauses | killed by |", "|---|---|---|---|"]
    for name, runs in mutants.items():
        bug, asked = runs[0]["bug"].replace("|", "\\|"), ", ".join(runs[0]["asked"])
        lines.append(f"| `{name}` | {bug} | {asked} | {_killer(runs)} |")
    return "\n".join([*lines, ""])


def _killer(runs: list[dict[str, Any]]) -> str:
    alive = [run["seed"] for run in runs if not run["failed"]]
    if alive:
        return f"**alive** with seeds {', '.join(map(str, alive))}"
    return f"`{str(runs[0]['failed'][0]).rpartition('/')[2]}`".replace("|", "\\|")


def _by_rule(mutants: dict[str, list[dict[str, Any]]]) -> str:
    if not mutants:
        return "## Mechanical\n\nNot part of the runs that this page was made from: `make mutants` runs them.\n"
    lines = ["## Mechanical", "", "Of each rule's each argument: wrong sign, factor 1.01, no derivative.", ""]
    lines += ["| rule | argument | clauses | sign | factor | zero |", "|---|---|---|---|---|---|"]
    rules: dict[tuple[str, str], dict[str, list[dict[str, Any]]]] = defaultdict(dict)
    for name, runs in mutants.items():
        function, argument, kind = name.split(":")
        rules[function, argument][kind] = runs
    for (function, argument), kinds in rules.items():
        asked = ", ".join(next(iter(kinds.values()))[0]["asked"]) or "none: tests/test_numpy_rules.py"
        said = " | ".join("killed" if _killed(kinds[kind]) else "**alive**" for kind in ("sign", "factor", "zero"))
        lines.append(f"| `{function}` | {argument} | {asked} | {said} |")
    return "\n".join([*lines, ""])


def _clauses(rows: list[dict[str, Any]]) -> str:
    """Which MUST clauses have a test that killed something in these runs; each mutant stops at its first."""
    killing = {one for row in rows for one in row["clauses"]}
    must = [clause.id for clause in CLAUSES.values() if clause.level is MUST]
    without = [one for one in must if one not in killing]
    lines = [
        "## Clauses",
        "",
        f"Tests of {len(must) - len(without)} of the {len(must)} MUST clauses killed a mutant in these runs. Those",
        "of the others did not: another test killed their mutant before, or no mutant was made for them:",
        "",
        ", ".join(without) + ".",
    ]
    return "\n".join([*lines, ""])


def main() -> int:
    """Print the page."""
    print(page([row for name in sys.argv[1:] for row in json.loads(Path(name).read_text("utf-8"))]), end="")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
