"""Every path below the folder of results."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PAGE, SUMMARY, BESIDE = "report.html", "summary.md", "beside.html"
TABLES, MANIFEST, CRATE = "tables", "manifest.json", "ro-crate-metadata.json"
PACK, CONFIG = "pack.zip", "config.yaml"
"""All of a run in one file, and the name that its config has in there."""
RUN_DEPTH = 7
"""Parts of a cell's name, which is a folder."""
TUNING_DEPTH = RUN_DEPTH - 1
"""Parts of a tuning's name: a cell's, without its seeds."""
PROBE_DEPTH = 3
"""Parts of a probe's name, likewise."""
TRACE, SAMPLES, PARAMETERS = "trace.npz", "samples.npz", "parameters.npz"
COST, SPEC, SCORES = "cost.json", "spec.json", "quality.parquet"
ABOUT = "guest.json"
TRAINED = (TRACE, SAMPLES, PARAMETERS, COST, SPEC)
"""What training a cell leaves in its folder; the spec is written last."""
CHECKPOINT, WRITER = "checkpoint.npz", ".writer"
"""Files during training: the checkpoint, and the mark of the process that trains."""


@dataclass(frozen=True)
class Results:
    """Paths below ``root``. A name may be a wildcard of the workflow, such as '{cell}'."""

    root: Path

    @property
    def config(self) -> Path:
        """The config that the workflow last made the results with."""
        return self.root / "config.json"

    def data(self, dataset: str) -> Path:
        return self.root / "data" / f"{dataset}.npz"

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    def run(self, cell: str, *file: str) -> Path:
        """A cell's folder, or a file in it."""
        return self.runs.joinpath(cell, *file)

    def runs_with(self, file: str) -> Iterator[str]:
        """The cells, of this config or another, whose folder holds a file of that name."""
        for path in self.runs.glob("/".join(["*"] * RUN_DEPTH + [file])):
            yield str(path.parent.relative_to(self.runs))

    def guests(self) -> list[str]:
        """Names of all guests, sorted."""
        return sorted(path.parent.name for path in self.root.glob(f"guests/*/{ABOUT}"))

    def guest_about(self, name: str) -> Path:
        """What is known of a guest, someone else's training."""
        return self.root / "guests" / name / ABOUT

    def guest_samples(self, name: str) -> Path:
        return self.root / "guests" / name / SAMPLES

    def guest_scores(self, name: str) -> Path:
        return self.root / "guests" / name / SCORES

    def quality(self, cell: str) -> Path:
        return self.run(cell, SCORES)

    def tuning(self, name: str) -> Path:
        """What the tries of a tuning came to, and which was chosen."""
        return self.root / "tuning" / f"{name}.json"

    def null(self, dataset: str, samples: int | str) -> Path:
        return self.root / "null" / dataset / f"samples{samples}.parquet"

    def points(self, probe: str) -> Path:
        """The states at which a probe measures."""
        return self.root / "probe" / probe / "points.npz"

    def described(self, probe: str) -> Path:
        """What theory needs of them."""
        return self.root / "probe" / probe / "points.parquet"

    def measured(self, probe: str, mode: str) -> Path:
        return self.root / "probe" / probe / f"{mode}.parquet"

    def dirac(self, mode: str) -> Path:
        return self.root / "dirac" / f"{mode}.parquet"

    @property
    def tables(self) -> Path:
        return self.root / TABLES

    def table(self, name: str, extension: str = "parquet") -> Path:
        return self.tables / f"{name}.{extension}"

    @property
    def figures(self) -> Path:
        return self.root / "figures"

    def figure(self, name: str, extension: str) -> Path:
        return self.figures / f"{name}.{extension}"

    @property
    def page(self) -> Path:
        return self.root / PAGE

    @property
    def summary(self) -> Path:
        return self.root / SUMMARY

    @property
    def beside(self) -> Path:
        """This run beside another."""
        return self.root / BESIDE

    @property
    def manifest(self) -> Path:
        """What these results are, and the digest of every table, figure and page."""
        return self.root / MANIFEST

    @property
    def crate(self) -> Path:
        """The same as RO-Crate metadata."""
        return self.root / CRATE

    @property
    def pack(self) -> Path:
        """All of them in one file."""
        return self.root / PACK

    def spec(self, digest: str) -> Path:
        """A spec that is too long for a command line."""
        return self.root / "specs" / f"{digest}.json"

    @property
    def records(self) -> Path:
        return self.root / "provenance"

    def record(self, stage: str, *names: str) -> Path:
        """The machine, versions and code of a job other than training."""
        folder = self.records.joinpath(stage, *"/".join(names or ["all"]).split("/"))
        return folder.with_name(f"{folder.name}.json")

    def log(self, *name: str) -> Path:
        """What a job printed; the parts of ``name`` are folders, the last one the file's stem."""
        return self.root.joinpath("logs", *name[:-1], f"{name[-1]}.log")
