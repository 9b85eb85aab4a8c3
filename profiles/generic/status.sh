#!/bin/sh
# What became of the Slurm job $1, in a word that Snakemake knows: running, success or failed.
if said=$(squeue --noheader --states=all --format=%T --jobs="$1" 2>&1); then
    state=$(echo "$said" | head -n 1)
else
    case $said in
        # Slurm forgets a job some minutes after its end; its accounting, where it has one, does not.
        *"Invalid job id"*) state=$(sacct --noheader --allocations --parsable2 --format=State --jobs="$1" 2>/dev/null || echo FORGOTTEN) ;;
        # A controller that does not answer has said nothing of the job.
        *) state=RUNNING ;;
    esac
fi
case ${state:-FORGOTTEN} in
    COMPLETED) echo success ;;
    PENDING | CONFIGURING | RUNNING | SUSPENDED | COMPLETING | REQUEUED | RESIZING | STAGE_OUT) echo running ;;
    *) echo failed ;;
esac
