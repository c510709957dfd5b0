"""The points at which a function has no derivative, or at which engines go wrong, as tables."""
