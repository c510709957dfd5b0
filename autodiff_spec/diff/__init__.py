"""One function on many backends: do they agree, and which operation is the first at which they part?"""

from autodiff_spec.diff._align import Parting
from autodiff_spec.diff._compare import compare, compared
from autodiff_spec.diff._exact import Exact
from autodiff_spec.diff._record import Run, Step
from autodiff_spec.diff._report import Comparison

__all__ = ["Comparison", "Exact", "Parting", "Run", "Step", "compare", "compared"]
