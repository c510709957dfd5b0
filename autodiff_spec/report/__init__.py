"""What a run of the suite found: as data, as JSON, on a terminal, as a page."""

from autodiff_spec.report.accuracy import Accuracy, Errors
from autodiff_spec.report.results import ClauseResult, Outcome, Report, Row, Verdict

__all__ = ["Accuracy", "ClauseResult", "Errors", "Outcome", "Report", "Row", "Verdict"]
