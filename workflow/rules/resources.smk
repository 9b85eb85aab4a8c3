import math

# What a job asks a cluster for; on one machine none of it limits anything. All are functions:
# Snakemake calls them for the jobs that it runs, not while it reads the workflow.
LIBRARIES_MB = 800  # torch, numba, and the Snakemake inside the job


def minutes(seconds, attempt):
    """Whole minutes for work of about so many seconds: twice that and a start, each attempt more."""
    return attempt * (3 + math.ceil(2 * seconds / 60))


def training_minutes(w, attempt):
    return minutes(60, attempt)


def training_mb(w, attempt):
    return attempt * (LIBRARIES_MB + 200)


def gpus(training):
    return int(training["device"] == "cuda")
