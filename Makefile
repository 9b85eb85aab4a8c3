# make reproduce [CORES=n] [CONFIG=studies/smoke.yaml]   the whole workflow, in .venv
# make test                                              checks and tests of minutes, in .venv
# make test-all [KILLS=60]                               the smoke study, many kills and a Slurm's faults too
# make test-cluster                                      what runs on a Slurm of its own: docs/cluster.md
# make benchmark [ONLY=gradient]                         speed and memory beside peers
PYTHON ?= python3
CORES ?= all
CONFIG ?=
TESTS ?= not long and not cluster
KILLS ?= 60
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: setup reproduce test lint test-all test-cluster benchmark lock clean

setup: $(READY)

# Made last, so that an interrupted set-up is done again; newer than the pins, so that it is done once.
$(READY): requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; choose one with make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

# Snakemake reads the overlay before this project does: it says less of a file that it cannot read.
reproduce: $(READY)
	$(if $(CONFIG),@$(BIN)/approxgan check --readable --configfile $(CONFIG))
	$(BIN)/snakemake --cores $(CORES) $(if $(CONFIG),--configfile $(CONFIG))

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/basedpyright

test: lint
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder -m "$(TESTS)"

# Without Slurm's programs its tests are skipped; with them it takes about an hour on 2 cores.
test-all: lint
	APPROXGAN_KILLS=$(KILLS) $(BIN)/python -m pytest

# Needs root and the Debian packages slurmctld slurmd slurm-client munge; installs nothing.
test-cluster: $(READY)
	APPROXGAN_CLUSTER=required $(BIN)/python -m pytest tests/cluster

benchmark: $(READY)
	$(BIN)/python -m benchmarks $(ONLY)

lock: pyproject.toml
	rm -rf .venv-lock
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet --disable-pip-version-check '.[dev]'
	(head -2 requirements.txt; .venv-lock/bin/python -m pip freeze --exclude approxgan | sed 's/+cpu$$//' | sort -f) > requirements.tmp
	mv requirements.tmp requirements.txt
	rm -rf .venv-lock

clean:
	rm -rf $(VENV) .snakemake
