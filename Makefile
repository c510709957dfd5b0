# Set-up, tests and comparison of autodiff-spec. It needs Python and make, nothing else; `make help` says what it does.

PYTHON ?= python3
JOBS ?= 2
BACKENDS ?= numpy torch tensorflow jax

VENV := .venv
BIN := $(VENV)/bin
DEMO := $(VENV)/.demo-installed
FULL := $(VENV)/.full-installed
RUNS := .make
MUTANTS := build/mutants
INSTALL := $(BIN)/python -m pip --disable-pip-version-check install --constraint constraints.txt

# tensorflow-cpu suffices where it exists. Both distributions own one folder, so never the one beside the other.
TENSORFLOW := $(if $(wildcard $(VENV)/lib/python3*/site-packages/tensorflow-[0-9]*.dist-info),tensorflow,$(strip \
	$(if $(filter Linux-x86_64,$(shell uname -s)-$(shell uname -m)),tensorflow-cpu,tensorflow)))

# The longest first, so that two at a time end together; jax's flavours never side by side: what one has compiled, the other
# reads from the cache, and two that run in step would compile everything twice.
PARTS := $(addprefix suite-,$(filter jax,$(BACKENDS))) tests lint $(addprefix spec-,$(filter jax,$(BACKENDS))) distributed \
	$(addprefix pure-,$(filter numpy,$(BACKENDS))) $(addprefix suite-,$(filter-out jax,$(BACKENDS))) \
	$(addprefix spec-,$(filter-out jax numpy,$(BACKENDS)))

JAX_ENABLE_X64 ?= 1
TF_CPP_MIN_LOG_LEVEL ?= 3
export JAX_ENABLE_X64 TF_CPP_MIN_LOG_LEVEL

.PHONY: help demo docs coverage test test-matrix test-machines sanitize compare lint mutants mutants-regional bench clean $(addprefix part-,$(PARTS))

help:
	@echo 'make demo      set up without any framework, test the NumPy engine, show its conformance table'
	@echo 'make test      set up everything; lint, the suite on every backend and flavour, and the tests of this repository'
	@echo 'make compare   run the suite on every framework and show where they differ'
	@echo 'make lint      ruff, and mypy in strict mode'
	@echo 'make mutants   check that the suite catches each wrong backend (a minute)'
	@echo 'make mutants-regional  rules that are wrong in one region of their inputs each, and regions no test reaches'
	@echo 'make bench     measure against the native code of each framework; the goals at the end'
	@echo 'make coverage  what the suite draws of the inputs of functions (half a minute)'
	@echo 'make docs      build the site into site/ (warnings are errors), mutants and coverage included'
	@echo 'make test-matrix  the suite on the oldest and the newest release of each framework (some 10 GB, half an hour)'
	@echo 'make test-machines  the suite as other processors would run it (half an hour)'
	@echo 'make sanitize  the tests of the compiled module under the address and undefined-behaviour sanitizers'
	@echo 'make clean     remove what builds, tests and tools left; the environment stays (rm -r $(VENV))'
	@echo
	@echo 'PYTHON=python3.12   the Python that makes $(VENV)      JOBS=1              parts of make test at a time'
	@echo 'BACKENDS="numpy"    backends of make test           ARGS="--help"       passed on to demo, compare, bench, docs, test-matrix'

demo: $(DEMO)
	$(BIN)/autodiff-spec test numpy $(ARGS)

# A thread for each part: PyTorch's and BLAS's spin while they wait, and take the processor from the part beside.
test: export OMP_NUM_THREADS ?= 1
test: $(FULL)
	@rm -rf $(RUNS) && mkdir -p $(RUNS)
	@$(MAKE) --no-print-directory --keep-going --jobs=$(JOBS) $(addprefix part-,$(PARTS)); code=$$?; \
	echo; cat $(RUNS)/summary; exit $$code

compare: $(FULL)
	$(BIN)/autodiff-spec compare $(ARGS)

lint: $(FULL)
	@$(LINT)

mutants: $(FULL)
	@mkdir -p $(MUTANTS)
	$(BIN)/python -m tests.mutants.run --seeds 0,1,2,3,4,5 --json $(MUTANTS)/written.json
	$(BIN)/python -m tests.mutants.run --mechanical --seeds 0,1,2,3,4,5 --json $(MUTANTS)/mechanical.json

# Not part of `make mutants`, for it takes half an hour; the page of mutants has its results once it has run.
mutants-regional: $(FULL)
	@mkdir -p $(MUTANTS)
	$(BIN)/python -m tests.mutants.run --regional --seeds 0,1,2,3,4,5 --json $(MUTANTS)/regional.json

bench: $(FULL)
	OMP_NUM_THREADS=1 PYTHONPATH=. $(BIN)/python benchmarks/_all.py $(ARGS)

coverage: $(FULL)
	@mkdir -p build
	$(BIN)/autodiff-spec coverage --json build/coverage.json

docs: $(FULL) mutants coverage
	PYTHONPATH=.:backends NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict $(ARGS)

# Not part of `make test`: it installs every framework twice.
test-matrix: $(DEMO)
	$(BIN)/python -m tests.matrix $(ARGS)

# Not part of `make test`: it compiles the module anew, with the sanitizers of GCC or Clang on Linux.
sanitize: $(FULL)
	$(BIN)/python -m tests.sanitized $(ARGS)

# Not part of `make test`: it runs the suite twenty times.
test-machines: $(FULL)
	$(BIN)/python -m tests.machines $(ARGS)

clean:
	rm -rf $(RUNS) build dist site .hypothesis .jax_cache .mypy_cache .pytest_cache .ruff_cache
	find . -path ./$(VENV) -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

# The parts of `make test`: each prints its output when it ends, so that two at a time stay readable.

LINT = $(BIN)/ruff check --output-format concise .; ruff=$$?; $(BIN)/mypy && [ $$ruff = 0 ]

define part
	@echo "-- $(1): started"; start=$$(date +%s); \
	if ($(2)) >$(RUNS)/$(1).log 2>&1; then result=passed; else result=FAILED; fi; \
	line="$(1): $$result ($$(($$(date +%s) - start)) s)"; echo "$$line" >>$(RUNS)/summary; \
	echo; echo "== $$line =="; cat $(RUNS)/$(1).log; [ $$result = passed ]
endef

part-lint:
	$(call part,lint,$(LINT))

# Those that start clusters, processes and devices apart: a framework that is loaded already has the devices that it has.
DISTRIBUTED = $(wildcard tests/test_distributed*.py) tests/test_beyond_one_machine.py

part-tests:
	$(call part,tests,$(BIN)/python -m pytest tests $(addprefix --ignore=,$(DISTRIBUTED)))

part-distributed:
	$(call part,distributed,$(BIN)/python -m pytest $(DISTRIBUTED))

# The suite on a backend's two flavours; on numpy they are the same. Continuous integration draws the same examples each time.
suite = AUTODIFF_SPEC_BACKEND=$(1) AUTODIFF_SPEC_CONVENTIONS=$(FLAVOUR_$(2)) $(BIN)/python -m pytest \
	autodiff_spec/conformance $(if $(CI),--derandomize)
FLAVOUR_suite := native
FLAVOUR_spec := spec

$(addprefix part-suite-,$(filter-out tensorflow,$(BACKENDS))): part-suite-%:
	$(call part,suite-$*,$(call suite,$*,suite))

$(addprefix part-spec-,$(filter-out tensorflow,$(BACKENDS))): part-spec-%:
	$(call part,spec-$*,$(call suite,$*,spec))

part-suite-tensorflow part-spec-tensorflow: part-%-tensorflow:
	$(call part,$*-tensorflow,if $(BIN)/python -c '$(BEFORE_3_14)'; then $(call suite,tensorflow,$*); \
	else echo 'TensorFlow has no release for this Python: left out'; fi)

part-pure-numpy:
	$(call part,pure-numpy,AUTODIFF_SPEC_PURE=1 $(call suite,numpy,suite))

BEFORE_3_14 = import sys; sys.exit(sys.hexversion >= 0x30e0000)

# The environment. A stamp is written last, so that the next make mends what an interrupted one left.

define environment
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { \
	command -v $(PYTHON) >/dev/null || \
		{ echo "There is no '$(PYTHON)': install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3"; exit 1; }; \
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$$($(PYTHON) --version) is too old: name Python 3.11 or newer: make PYTHON=python3.12"; exit 1; }; \
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "$(PYTHON) has no venv: install it (Debian, Ubuntu: apt install python3-venv)"; exit 1; }; \
	echo "$(PYTHON) -m venv $(VENV)"; $(PYTHON) -m venv $(VENV); }
endef

COMPILED := hatch_build.py backends/autodiff_numpy/_speed.c

$(DEMO): pyproject.toml constraints.txt $(COMPILED)
	$(environment)
	$(INSTALL) --editable '.[suite]'
	@touch $@

$(FULL): pyproject.toml constraints.txt $(COMPILED)
	$(environment)
	$(INSTALL) --editable '.[torch,$(TENSORFLOW),jax,suite,plot,docs,dev]'
	@touch $(DEMO) $@
