"""The page of the coverage of inputs, from what `make coverage` wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

FILE = Path(__file__).resolve().parent.parent.parent / "build/coverage.json"
HEAD = """# Coverage of inputs

Which inputs the suite draws for each function. An input has dimensions: the mode of differentiation and its order, the
dtype, the layout in memory of sources and of cotangents, the shape, the magnitude of the numbers, the axis, and each
keyword of the function's signature. `autodiff_spec.conformance.coverage.needs` says which values of a dimension have to
be drawn for a function; while the suite runs, what is drawn is noted. A needed value that is not drawn is a hole, and
a hole without a reason fails `tests/test_coverage.py`. The last column counts pairs of values of two dimensions that
occur in one call; some of them exclude each other. `autodiff-spec coverage` prints this table.

"""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the page."""
    found = json.loads(FILE.read_text("utf-8")) if FILE.is_file() else []
    files.append(File.generated(config, "coverage.md", content=HEAD + "\n".join([*table(found), *holes(found)])))
    return files


def table(found: list[dict[str, Any]]) -> list[str]:
    """A row for each function: drawn and needed values of each dimension."""
    columns = list(dict.fromkeys(name for one in found for name in one["needed"] if not name.endswith("=")))
    lines = [f"| function | {' | '.join(columns)} | keywords | pairs |", f"|---|{'--:|' * (len(columns) + 2)}"]
    for one in found:
        keywords = [name for name in one["needed"] if name.endswith("=")]
        cells = [_cell(one, [name] if name in one["needed"] else []) for name in columns]
        met, wanted = one["pairs"]
        lines.append(f"| `{one['function']}` | {' | '.join(cells)} | {_cell(one, keywords)} | {met / wanted:.0%} |")
    return lines


def _cell(one: dict[str, Any], dimensions: list[str]) -> str:
    drawn, needed = (sum(one[kind][dimension] for dimension in dimensions) for kind in ("drawn", "needed"))
    return f"{drawn}/{needed}" if needed else ""


def holes(found: list[dict[str, Any]]) -> list[str]:
    """The values that are not drawn, by their reasons."""
    reasons: dict[str, list[str]] = {}
    for hole in (hole for one in found for hole in one["holes"]):
        reasons.setdefault(hole["excuse"] or "no reason is known", []).append(
            f"`{hole['function']}`: {hole['dimension']} {hole['value']}"
        )
    return [line for reason, all_ in reasons.items() for line in ("", f"Not drawn, for {reason}", "", "; ".join(all_))]
