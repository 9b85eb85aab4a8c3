"""The arrays of result files: their names, kinds and shapes, checked as they are read.

A form is a kind (float or int) and the dimensions: a number, or a name that means one length in
the whole file. A length of 0 is accepted for a name that ends in *.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from approxgan.core.errors import InputError
from approxgan.storage import files

Arrays = Mapping[str, np.ndarray]
KINDS = {"float": ("float32", "float64"), "int": ("int32", "int64")}
"""Of this machine's byte order: torch takes no other."""
DATA = {"training": "float points dim", "true": "float true dim"}
SAMPLES = {
    "steps": "int snapshots",
    "seeds": "int seeds",
    "samples": "float seeds snapshots samples dim",
}
LEARNT = {"parameters": "float seeds snapshots parameters"}


def check(path: Path, arrays: Arrays, forms: Mapping[str, str]) -> None:
    """Raise ``InputError`` for an array that the file lacks or that is not of its form."""
    lengths: dict[str, int] = {}
    for name, form in forms.items():
        kind, *dims = form.split()
        array = arrays[name]
        fits = array.dtype in map(np.dtype, KINDS[kind]) and array.ndim == len(dims)
        for dim, length in zip(dims, array.shape, strict=False):
            wanted = int(dim) if dim.isdigit() else lengths.setdefault(dim, length)
            fits = fits and length == wanted and (length > 0 or dim.endswith("*"))
        if not fits:
            found = f"{array.dtype.str} [{', '.join(map(str, array.shape))}]"
            known = [str(lengths.get(dim, dim)) for dim in dims]
            raise InputError(
                f"{path}: {name} is {found}; accepted: {kind} [{', '.join(dims)}] with "
                f"{', '.join(known)}; {files.MAKE}"
            )


def read(path: Path, forms: Mapping[str, str]) -> Arrays:
    """The arrays of a file, those in ``forms`` checked."""
    arrays = files.read_arrays(path)
    check(path, arrays, forms)
    return arrays


def data(path: Path) -> Arrays:
    """``training`` and ``true`` [n, dim], finite, of a data file."""
    arrays = read(path, DATA)
    for name in DATA:
        if not np.isfinite(arrays[name]).all():
            raise InputError(f"{path}: {name} holds values that are not finite; {files.MAKE}")
    return arrays


def samples(path: Path, seeds: Sequence[int] | None = None) -> Arrays:
    """steps [T], seeds [S], samples [S, T, n, dim] of a run; parameters [S, T, P] where metrics
    can look at the generator's.
    """
    arrays = read(path, SAMPLES)
    if "parameters" in arrays:
        check(path, arrays, {**SAMPLES, **LEARNT})
    return of_seeds(path, arrays, seeds)


def of_seeds(path: Path, arrays: Arrays, seeds: Sequence[int] | None) -> Arrays:
    """``arrays``; raises ``InputError`` if they are those of another cell."""
    found = arrays["seeds"].tolist()
    if seeds is not None and found != list(seeds):
        raise InputError(f"{path}: holds seeds {found}; the cell's are {list(seeds)}; {files.MAKE}")
    return arrays
