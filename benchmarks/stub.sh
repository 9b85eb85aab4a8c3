#!/bin/sh
# In the place of `python -m approxgan STAGE NAME ...`: copies what was made beforehand.
case $3 in
    data | dirac) from=$3 files=$4.* ;;
    null) from=null/$4 files=samples$5.* ;;
    train) from=runs/$4 files="trace.npz samples.npz parameters.npz spec.json cost.json" ;;
    evaluate) from=runs/$4 files=quality.parquet ;;
    points) from=probe/$4 files=points.npz ;;
    describe) from=probe/$4 files=points.parquet ;;
    probe) from=probe/$4 files=$5.parquet ;;
    collect) from=tables files=$4.* ;;
    comparisons) from=tables files="comparisons.* aggregates.*" ;;
    claims) from=tables files="claims.* epsilon_rules.* no_gradient.* noise_laws.*" ;;
    figure) from=figures files=$4.* ;;
    report) from=. files="report.html summary.md" ;;
    manifest) from=. files="manifest.json ro-crate-metadata.json" ;;
    *) echo "no such stage: $3" && exit 2 ;;
esac
results=$PWD/results/$from
cd "made/$from" && exec cp $files "$results/"
