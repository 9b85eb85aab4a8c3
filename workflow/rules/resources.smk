import math

# What a job asks a cluster for; on one machine it limits nothing. Functions, so that Snakemake
# estimates the jobs that it runs, and not while it reads the workflow.
INNER_MB = 300  # the Snakemake that starts the stage inside the job


def asked(estimated):
    """Resources of jobs of which ``estimated(wildcards)`` says what they take: half as much memory
    again and twice the time, whole minutes and some to start with; each attempt asks for more.
    """

    def megabytes(wildcards, attempt):
        return attempt * math.ceil(INNER_MB + 1.5 * estimated(wildcards).memory_mb)

    def minutes(wildcards, attempt):
        return attempt * (3 + math.ceil(2 * estimated(wildcards).seconds / 60))

    return {"mem_mb": megabytes, "runtime": minutes}


def gpus(training):
    return int(training["device"] == "cuda")
