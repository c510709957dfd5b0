"""``python -m autodiff_spec`` is the command ``autodiff-spec``."""

from autodiff_spec.cli import main

if __name__ == "__main__":
    main()
