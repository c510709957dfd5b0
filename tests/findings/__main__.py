"""Writes ``docs/findings.md``.

Run: python -m tests.findings
"""

from __future__ import annotations

from tests.findings.model import ROOT
from tests.findings.page import page

if __name__ == "__main__":
    (ROOT / "docs/findings.md").write_text(page(), "utf-8")
