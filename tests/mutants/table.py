"""The site's page of mutants, from what `run` wrote."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import autodiff_numpy
from autodiff_spec.clauses import CLAUSES, MUST
from tests.mutants.catalogue import MUTANTS
from tests.mutants.regional import REGIONS, excuse

HEAD = """# Mutants

Wrong engines, NumPy's if nothing else is said, each with one bug, and the test that notices it. The suite is collected
once, and the process forks for each mutant. It is killed when a test of every clause that it names fails; tests without
drawn arguments run first. What such a test kills, it kills with every seed; where a drawn one was needed, all six seeds
were run.
"""
REGIONAL = """Each rule's share with the wrong sign in one region of inputs alone: where the cotangent lies in memory in
some way, has a dtype, three axes or more, more than 16 elements, or where a number is tiny or huge. `make
mutants-regional` plants them. One is *reached* when a test comes into its region, and killed when one of its clauses'
tests fails; what is not killed needs a reason in `tests/mutants/unreached.toml`.
"""
LIST = """# Mutants

Wrong engines, NumPy's if nothing else is said, each with one bug, and the clauses whose tests have to notice it.
`make mutants` runs the suite on each, and the page then says what killed it.

| mutant | bug | clauses |
|---|---|---|
"""


def listed() -> str:
    """The page where nothing was run."""
    rows = [f"| `{name}` | {_bug(it.bug, it.of)} | {', '.join(it.clauses)} |" for name, it in MUTANTS.items()]
    return LIST + "\n".join(rows)


def _bug(said: str, of: str) -> str:
    return said.replace("|", "\\|") + (f" (of {of})" if of != "numpy" else "")


def page(rows: list[dict[str, Any]]) -> str:
    """The page in Markdown."""
    mutants: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        mutants[row["name"]].append(row)
    regional = {name: runs for name, runs in mutants.items() if name.rpartition(":")[2] in REGIONS}
    mechanical = {name: runs for name, runs in mutants.items() if ":" in name and name not in regional}
    written = {name: runs for name, runs in mutants.items() if ":" not in name}
    of_clauses = [row for row in rows if row["name"] not in regional]
    parts = [_summary(written, mechanical), _written(written), _by_rule(mechanical), _by_region(regional)]
    return "\n".join([HEAD, *parts, _clauses(of_clauses)])


def _killed(runs: list[dict[str, Any]]) -> bool:
    return not any(run["missed"] for run in runs)


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
        bug, asked = _bug(runs[0]["bug"], runs[0]["of"]), ", ".join(runs[0]["asked"])
        lines.append(f"| `{name}` | {bug} | {asked} | {_killer(runs)} |")
    return "\n".join([*lines, ""])


def _killer(runs: list[dict[str, Any]]) -> str:
    alive = {run["seed"]: ", ".join(run["missed"]) for run in runs if run["missed"]}
    if alive:
        return "**missed** by " + "; ".join(f"{clauses} with seed {seed}" for seed, clauses in alive.items())
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


def _by_region(mutants: dict[str, list[dict[str, Any]]]) -> str:
    """How many mutants of each region were planted, reached and killed, and why the others were not."""
    lines = ["## In one region of inputs", "", REGIONAL]
    if not mutants:
        return "\n".join([*lines, "Not part of the runs that this page was made from.", ""])
    lines += ["| wrong | planted | reached | killed | excused | neither |", "|---|---|---|---|---|---|"]
    table = [(words, _of_region(mutants, region)) for region, (words, _) in REGIONS.items()]
    total = ("in all", [sum(column) for column in zip(*(counts for _, counts in table), strict=True)])
    lines += [f"| {words} | {' | '.join(map(str, counts))} |" for words, counts in (*table, total)]
    lines += ["", "| excused | why |", "|---|---|", *_excused(mutants), ""]
    return "\n".join(lines)


def _of_region(mutants: dict[str, list[dict[str, Any]]], region: str) -> list[int]:
    """How many mutants of a region were planted, reached, killed with every seed, excused, and neither."""
    planted = {name: runs for name, runs in mutants.items() if name.endswith(f":{region}")}
    reached = [name for name, runs in planted.items() if _reached(runs)]
    alive = [name for name, runs in planted.items() if not _killed(runs)]
    excused = [name for name in alive if excuse(name, "unnoticed" if name in reached else "unreached")]
    return [len(planted), len(reached), len(planted) - len(alive), len(excused), len(alive) - len(excused)]


def _excused(mutants: dict[str, list[dict[str, Any]]]) -> list[str]:
    """The mutants that no test came to or noticed, by their reasons."""
    why: dict[str, list[str]] = defaultdict(list)
    for name, runs in mutants.items():
        if not _killed(runs) and (reason := excuse(name, "unnoticed" if _reached(runs) else "unreached")):
            why[reason].append(f"`{name}`")
    return [f"| {', '.join(names)} | {reason} |" for reason, names in why.items()]


def _reached(runs: list[dict[str, Any]]) -> bool:
    return any(run["reached"] for run in runs)


def _clauses(rows: list[dict[str, Any]]) -> str:
    """For each MUST clause a mutant that its tests killed with every seed, the most special of them."""
    missed = {(row["name"], one) for row in rows for one in row["missed"]}
    named: dict[str, dict[str, None]] = defaultdict(dict)
    for row in sorted(rows, key=lambda row: len(row["asked"])):
        for one in (*row["asked"], *row["also"]):
            if (row["name"], one) not in missed:
                named[one][row["name"]] = None
    must = [clause.id for clause in CLAUSES.values() if clause.level is MUST]
    without = [one for one in must if one not in named]
    lines = [
        "## Clauses",
        "",
        f"{len(must) - len(without)} of the {len(must)} MUST clauses have a test that kills a mutant with every seed.",
        f"Without one: {', '.join(map(_why, without)) or 'none'}.",
        "",
        "| clause | killed, for one | of |",
        "|---|---|---|",
    ]
    lines += [f"| {one} | `{next(iter(named[one]))}` | {len(named[one])} |" for one in must if one in named]
    return "\n".join([*lines, ""])


def _why(clause: str) -> str:
    missing = sorted(need.name for need in set(CLAUSES[clause].needs) - autodiff_numpy.backend().capabilities)
    return f"{clause} (needs {', '.join(missing)}, which the engine does not have)" if missing else clause
