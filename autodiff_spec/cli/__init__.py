"""The command ``autodiff-spec``: test, compare, spec, chapter.

Exit status: 0 conforms, 1 does not, 2 wrong usage. Errors are one line; ``--debug`` shows more.
"""

from __future__ import annotations

import importlib.util
import sys
from typing import NoReturn

from autodiff_spec import AutodiffError
from autodiff_spec.report.runs import RunError

VIOLATIONS, USAGE = 1, 2
_SUITE = ("hypothesis", "mpmath", "pytest", "rich", "typer")


class UsageError(ValueError):
    """The command line asks for what does not exist."""


class SuiteNotInstalledError(AutodiffError, ImportError):
    """The command needs a distribution that comes with the extra ``suite``."""


def main() -> NoReturn:
    """Run the command line, and exit."""
    debug = _take_debug()
    try:
        _commands()
    except (AutodiffError, ImportError, OSError, RunError, UsageError) as error:
        if debug:
            raise
        print(f"autodiff-spec: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(VIOLATIONS if isinstance(error, RunError) and not error.usage else USAGE)
    sys.exit(0)


def _take_debug() -> bool:
    """Whether ``--debug`` stands before or after the command; what follows ``--`` is pytest's."""
    end = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    ours = sys.argv[1:end]
    sys.argv[1:end] = [argument for argument in ours if argument != "--debug"]
    return "--debug" in ours


def _commands() -> None:
    for name in _SUITE:
        if importlib.util.find_spec(name) is None:
            raise SuiteNotInstalledError(
                f"autodiff-spec needs {name}, which is not installed; run: pip install 'autodiff-spec[suite]'"
            )
    from autodiff_spec.cli.commands import app

    app()
