# make reproduce [CORES=n] [CONFIG=studies/smoke.yaml]   the whole workflow, in .venv
# make test                                              checks and tests, in .venv
# make test-cluster                                      a Slurm of its own, and faults on it: docs/cluster.md
# make test-kill [KILLS=60]                              a training job and a workflow, killed at random
# make benchmark [ONLY=gradient]                         speed and memory beside peers; sweeps at four ε
PYTHON ?= python3
CORES ?= all
CONFIG ?=
KILLS ?= 60
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: setup reproduce test lint test-cluster test-kill benchmark lock clean

setup: $(READY)

# Made last, so that an interrupted set-up is done again; newer than the pins, so that it is done once.
$(READY): requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; choose one with make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

reproduce: $(READY)
	$(BIN)/snakemake --cores $(CORES) $(if $(CONFIG),--configfile $(CONFIG))

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/basedpyright

test: lint
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

# Needs root and the Debian packages slurmctld slurmd slurm-client munge; installs nothing.
test-cluster: $(READY)
	APPROXGAN_CLUSTER=required APPROXGAN_CLUSTER_STUDY=studies/smoke.yaml \
		$(BIN)/python -m pytest -rP tests/cluster

# The tests that kill a job or a workflow, more often than make test does.
test-kill: $(READY)
	APPROXGAN_KILLS=$(KILLS) $(BIN)/python -m pytest tests/test_checkpoint.py tests/test_interruption.py

benchmark: $(READY)
	$(BIN)/python -m benchmarks $(ONLY)
	$(BIN)/python -m benchmarks.wall

lock: pyproject.toml
	rm -rf .venv-lock
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet --disable-pip-version-check '.[dev]'
	(head -2 requirements.txt; .venv-lock/bin/python -m pip freeze --exclude approxgan | sed 's/+cpu$$//' | sort -f) > requirements.tmp
	mv requirements.tmp requirements.txt
	rm -rf .venv-lock

clean:
	rm -rf $(VENV) .snakemake
