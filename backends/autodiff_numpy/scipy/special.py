"""`autodiff_numpy.special`, beside SciPy's other modules."""

from autodiff_numpy.special import __getattr__ as __getattr__
from autodiff_numpy.special import log_softmax, logsumexp, multigammaln, polygamma, softmax

__all__ = ["log_softmax", "logsumexp", "multigammaln", "polygamma", "softmax"]
