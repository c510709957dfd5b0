"""The page: one file that needs nothing else, made from results.

Whatever comes from a result file is text: Jinja escapes it in the markup, the data for the script stand in a block that
no markup can end, the script writes nothing but text, and a Content-Security-Policy lets no other script run.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Sequence
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from autodiff_spec.report.changes import Changes
from autodiff_spec.report.html_matrix import SIGNS, details, matrix
from autodiff_spec.report.html_plots import accuracy_plots, as_data, cost_plots
from autodiff_spec.report.results import Cost, Report, Verdict

MEANINGS = {
    Verdict.CONFORMS: "every test of the clause passed",
    Verdict.DEVIATES: "legal, and not what is recommended: a test of a SHOULD failed",
    Verdict.VIOLATES: "a test of a MUST failed",
    Verdict.CRASHES: "the process died in a test of the clause, or that did not end",
    Verdict.UNSUPPORTED: "the backend does not declare the capability",
    Verdict.UNTESTED: "its tests were left out of the run",
}


def page(reports: Sequence[Report], *, changes: Changes | None = None, costs: Sequence[Cost] = ()) -> str:
    """The page as text.

    Args:
        reports: the runs, a column each.
        changes: what changed since older runs, to be shown as well.
        costs: times of functions and gradients, to be drawn.
    """
    environment = Environment(
        loader=PackageLoader("autodiff_spec.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style, script = _own("report.css"), _own("report.js")
    accuracy, cost = accuracy_plots(reports), cost_plots(costs)
    return environment.get_template("report.html").render(
        style=Markup(style),
        script=Markup(script),
        policy=f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; base-uri 'none'",
        reports=reports,
        names=[report.name for report in reports],
        versions=", ".join(dict.fromkeys(report.spec_version for report in reports)),
        counts=[Counter(result.verdict for result in report.clauses) for report in reports],
        new=[sum(result.new for result in report.clauses) for report in reports],
        groups=matrix(reports, changes),
        details=details(reports),
        changes=changes,
        accuracy=accuracy,
        costs=cost,
        figures_data={"accuracy-plot": [as_data(plot) for plot in accuracy], "cost-plot": [as_data(p) for p in cost]},
        signs=SIGNS,
        meanings=MEANINGS,
    )


def _own(name: str) -> str:
    return files("autodiff_spec.report").joinpath("templates", name).read_text("utf-8")


def _digest(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
