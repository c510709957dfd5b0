"""The PyTorch adapter: ``torch.Tensor`` recorded, differentiated and nested by PyTorch's own autograd.

>>> import autodiff_spec as ad
>>> be = ad.backend("torch")
>>> x = be.variable([0.0, 1.0, 2.0, 3.0])
>>> with be.tape() as t:
...     y = be.xp.sum(2 * x * x)
>>> t.grad(y, x)
tensor([ 0.,  4.,  8., 12.])
"""

from autodiff_torch import xp
from autodiff_torch._backend import TorchBackend

__all__ = ["TorchBackend", "backend", "xp"]


def backend(conventions: str = "native") -> TorchBackend:
    """The backend, in either flavour; discovery calls this, users ``autodiff_spec.backend("torch")``."""
    return TorchBackend(conventions)
