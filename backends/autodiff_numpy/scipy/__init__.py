"""SciPy for plain and recorded arrays, under SciPy's names.

SciPy's functions turn their arguments into plain arrays, so recorded ones are refused there. The modules here have
those that a derivative is often wanted of; all other names are SciPy's own. Where nothing is recorded SciPy computes.

Example:
    >>> import autodiff_spec as ad
    >>> from autodiff_numpy.scipy import stats
    >>> ad.backend("numpy").grad(lambda mean: stats.norm.logpdf(1.0, mean, 2.0))(0.0)
    array(0.25)
"""
