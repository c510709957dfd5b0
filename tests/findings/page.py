"""The page of the findings, ``docs/findings.md``: each can be pasted into a report to the framework's makers."""

from __future__ import annotations

import re
from collections import Counter
from itertools import groupby

from autodiff_spec.clauses import CLAUSES
from tests.findings.model import FRAMEWORKS, MPMATH, SEVERITIES, Finding, deviations, findings, legal, release

HEAD = """# Wrong derivatives in the frameworks

Every wrong derivative in a released framework that the suite knows, the worst first. Each has a program that shows it,
with the framework alone. `tests/test_findings.py` runs the programs, computes the expected numbers, and fails when a
release has mended one, or when a deviation of an adapter has no entry here. The functions of `conventions="spec"` are
mended ([conventions](conventions.md)), but for what a deviation says of both flavours, at extreme sizes above all.

The releases are the first and the last where the [matrix](versions.md) of versions or the tests saw it. A link
leads to a thread about the same error. `python -m tests.findings` writes this page from `tests/findings/*.toml`.

"""
MADE = f"""
The expected numbers are computed in 50 digits, by the expression that stands at the end of each entry, after

```python
{MPMATH}```
"""
LEGAL = """
## Legal, and different

Where a function has no derivative, any number of a set is one. These are of the set, or are forbidden by no clause, but
not the value that the specification recommends (SHOULD); no errors, but programs that are ported meet them.

| framework | clause | recommended | value |
|---|---|---|---|
"""


def page() -> str:
    """The page in Markdown."""
    return HEAD + counts() + MADE + "".join(map(chapter, SEVERITIES)) + LEGAL + "".join(map(differences, FRAMEWORKS))


def counts() -> str:
    """How many there are, by severity and framework."""
    found = Counter((finding.severity, finding.framework) for finding in findings())
    rows = [f"| | {' | '.join(f'{name} {release(it)}' for it, name in FRAMEWORKS.items())} | all |"]
    rows.append(f"|---|{'--:|' * (len(FRAMEWORKS) + 1)}")
    for severity in SEVERITIES:
        each = [found[severity, framework] for framework in FRAMEWORKS]
        rows.append(f"| {severity} | {' | '.join(map(str, [*each, sum(each)]))} |")
    each = [sum(found[severity, framework] for severity in SEVERITIES) for framework in FRAMEWORKS]
    return "\n".join([*rows, f"| all | {' | '.join(map(str, [*each, sum(each)]))} |", ""])


def chapter(severity: str) -> str:
    """All of one severity; nothing where there are none."""
    entries = [entry(finding) for finding in findings() if finding.severity == severity]
    return f"\n## {severity.capitalize()}\n" + "".join(entries) if entries else ""


def entry(finding: Finding) -> str:
    """One finding."""
    until = f", mended in {finding.fixed}" if finding.fixed else ""
    about = [f"{FRAMEWORKS[finding.framework]} {finding.seen}{until}"]
    about.append(", ".join(map(link, broken(finding))))
    if finding.upstream:
        about.append("[{}#{}]({})".format(*re.findall(r"com/(.+)/\w+/(\d+)", finding.upstream)[0], finding.upstream))
    return f"""
### {finding.title}

Seen in {" · ".join(about)}

```python
{finding.code.strip()}
```

```text
observed: {finding.prints}
expected: {finding.expected}
```

{finding.why} The expected numbers: `{finding.truth}`
"""


def broken(finding: Finding) -> list[str]:
    """The clauses that it breaks, in the order of the specification."""
    listed = {it.clause for it in deviations(finding.framework) if finding.cites(it)}
    cited = {citation.partition(":")[0] for citation in finding.clauses}
    return [clause for clause in CLAUSES if clause in (listed or cited)]


def link(clause: str) -> str:
    """To the clause in the specification."""
    return f"[{clause}](specification/{CLAUSES[clause].chapter.lower()}.md#{clause})"


def differences(framework: str) -> str:
    """What a framework has otherwise, a row for each clause."""
    rows = []
    for clause, cases in groupby(legal(framework), lambda it: it.clause):
        values = "; ".join(f"{it.case}: `{it.observed}`" for it in cases)
        rows.append(f"| {FRAMEWORKS[framework]} | {link(clause)} | {CLAUSES[clause].text} | {values} |\n")
    return "".join(rows)
