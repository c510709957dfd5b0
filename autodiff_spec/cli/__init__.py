"""The command ``autodiff-spec``: test, compare, spec, chapter, coverage, diff, graph, plot, report, merge.

Exit status: 0 conforms or agrees, 1 does not, 2 wrong usage, 130 interrupted.
Errors are one line; ``--debug`` shows more.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import NoReturn

from autodiff_spec import AutodiffError
from autodiff_spec.core.installation import installation
from autodiff_spec.report.reading import ReportFileError
from autodiff_spec.report.runs import RunError

VIOLATIONS, USAGE = 1, 2
COMMANDS = ("suite", "spec", "coverage", "diff", "graph", "plot", "report")
"""The modules, each of which registers its commands, in the order of the help."""

_SUITE = ("hypothesis", "jinja2", "jsonschema", "mpmath", "pytest", "rich", "typer")


class UsageError(ValueError):
    """The command line asks for what does not exist."""


class SuiteNotInstalledError(AutodiffError, ImportError):
    """The command needs a distribution that comes with the extra ``suite``."""


def main() -> NoReturn:
    """Run the command line, and exit."""
    debug = _take("--debug")
    if _take("--no-color"):
        os.environ["NO_COLOR"] = "1"
        os.environ.pop("FORCE_COLOR", None)
    try:
        _commands()
    except Exception as error:
        if debug:
            raise
        expected = isinstance(error, (AutodiffError, ImportError, OSError, ReportFileError, RunError, UsageError))
        what = "" if expected else f"{type(error).__name__}: "
        more = "" if expected else " (--debug shows where)"
        print(f"autodiff-spec: {what}{' '.join(str(error).split())}{more}", file=sys.stderr)
        sys.exit(VIOLATIONS if isinstance(error, RunError) and not error.usage else USAGE)
    sys.exit(0)


def _take(option: str) -> bool:
    """Whether ``option`` stands before or after the command; what follows ``--`` is pytest's."""
    end = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    ours = sys.argv[1:end]
    sys.argv[1:end] = [argument for argument in ours if argument != option]
    return option in ours


def _commands() -> None:
    for name in _SUITE:
        if importlib.util.find_spec(name) is None:
            raise SuiteNotInstalledError(
                f"autodiff-spec needs {name}, which is not installed; run: {installation('suite')}"
            )
    for name in COMMANDS:
        importlib.import_module(f"{__name__}.{name}")
    from autodiff_spec.cli._app import app

    app(prog_name="autodiff-spec")
