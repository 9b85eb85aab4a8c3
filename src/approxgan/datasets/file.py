"""Rows of your own .npy or .csv file."""

from dataclasses import dataclass
from functools import cache

from approxgan.core.settings import Share
from approxgan.datasets._rows import Rows, Split, split
from approxgan.datasets._table import read


@dataclass(frozen=True)
class File(Rows):
    """A row of the file is a point, as it stands: no scaling.

    A fixed permutation splits the rows; the true density is the empirical distribution of the
    held-out ones. The file is read and checked when the dataset is built. Raises ``ValueError``
    for a file that breaks a rule of ``_table.read``.
    """

    path: str
    """The file; a relative one starts from the working directory."""
    held_out: Share
    """Share of the rows kept from training, between 0 and 1."""

    reads = ("path",)

    def __post_init__(self) -> None:
        super().__post_init__()
        read(self.path)
        self.rows()

    @property
    def dim(self) -> int:
        """The file's number of columns."""
        return self.rows().training.shape[1]

    def rows(self) -> Split:
        """The file's rows, split."""
        return _rows(self.path, self.held_out)


@cache
def _rows(path: str, held_out: Share) -> Split:
    return split(read(path), held_out)
