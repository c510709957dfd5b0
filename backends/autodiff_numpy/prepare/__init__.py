"""Prepared functions: a function recorded as a list of NumPy's calls, and replayed."""
