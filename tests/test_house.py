"""The rules of the house: who may import whom, what is pinned where, and how long files are."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import yaml
from worlds import ROOT

from approxgan.config import registry
from approxgan.config.registry import FAMILIES
from approxgan.design import paths
from approxgan.storage import code_inputs, files

PACKAGE = ROOT / "src" / "approxgan"
MODULES = sorted(
    ".".join(p.relative_to(PACKAGE.parent).with_suffix("").parts) for p in PACKAGE.rglob("*.py")
)
ORDER = (
    {"core"},
    {"config"},
    {"design"},
    {"storage"},
    {"estimators", "step_rules", "losses", "generators", "models", "datasets", "metrics"},
    {"objective"},
    {"library"},
    {"testing"},
    {"training"},
    {"probe", "dirac", "data", "evaluate", "collect"},
    {"tune"},
    {"analysis"},
    {"compare", "claims", "figures"},
    {"report", "reference", "archive"},
    {"cli"},
)
"""A package imports itself and what stands before it, and none of its own line."""
NO_TORCH = (
    "config.check",
    "design.cells",
    "design.specs",
    "storage.code_inputs",
    "config.registry",
    "storage.files",
    "collect.stage",
    "figures.stage",
    "design.check",
    "design.cost",
)


def imported(module):
    return {name.removeprefix("approxgan.") for name in code_inputs.imports(module)}


@pytest.mark.parametrize("module", MODULES)
def test_a_package_imports_only_what_stands_before_it(module):
    package = module.split(".")[1]
    if package not in set().union(*ORDER):
        return
    place = next(number for number, names in enumerate(ORDER) if package in names)
    allowed = {package}.union(*ORDER[:place])
    for found in imported(module):
        assert found.split(".")[0] in allowed, f"{module} imports {found}"


@pytest.mark.parametrize("family", FAMILIES)
def test_a_variant_imports_no_sibling_and_no_other_family(family):
    folder = FAMILIES[family]
    others = {f"{other}." for other in FAMILIES.values()} - {f"{folder}."}
    for name in registry.names(family):
        for found in imported(f"approxgan.{folder}.{name}"):
            assert not found.startswith(tuple(others)), (name, found)
            sibling = found.removeprefix(f"{folder}.").split(".")[0]
            assert not found.startswith(f"{folder}.") or sibling.startswith("_"), (name, found)


def test_what_the_snakefile_imports_does_not_load_torch():
    names = ", ".join(f"approxgan.{name}" for name in NO_TORCH)
    code = f"import sys, {names}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


HEAVY = (
    *("torch", "numba", "sklearn", "ot", "matplotlib", "scipy.stats", "scipy.signal"),
    "jsonschema",
)
STAGES = {
    "data ring": ("pandas", "scipy", *HEAVY),
    "collect quality": HEAVY,
    "null ring 50": HEAVY,
}
"""Stages that train nothing -> what their start would take longer than they do with."""


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_that_trains_nothing_loads_what_it_uses_alone(stage, tmp_path):
    files.write_arrays(tmp_path / "data" / "ring.npz", dict.fromkeys(
        ("training", "true"), np.zeros((9, 2))))  # fmt: skip
    definition = {"kind": "ring", "points": 9, "count": 8, "radius": 2.0, "sigma": 0.1}
    spec = {
        "data": definition,
        "collect": {"cells": [], "metrics": [], "metric": "energy_distance"},
        "null": {"definition": definition, "samples": 50, "null_repeats": 2, "seed": 0,
                 "metrics": {"energy_distance": {}, "memorisation": {}}},
    }[stage.split()[0]]  # fmt: skip
    call = [*stage.split(), "--spec", json.dumps(spec), "--results", str(tmp_path)]
    code = (
        f"import sys; from approxgan.cli.parser import main; status = main({call!r})\n"
        f"print(*(m for m in {STAGES[stage]!r} if m in sys.modules)); sys.exit(status)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "\n"), done.stderr


def test_text_files_are_utf_8_whatever_the_locale():
    """Each call that opens a text names its encoding, or reads bytes."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if not isinstance(node, ast.Call):
                continue
            call, given = ast.unparse(node.func), {keyword.arg for keyword in node.keywords}
            modes = [a.value for a in node.args if isinstance(a, ast.Constant)]
            given |= {"encoding"} if "utf-8" in modes else set()
            binary = any(mode in ("rb", "xb") for mode in modes)
            text = call.endswith(("read_text", ".open")) and not binary and "os" not in call
            text |= call.endswith(".write_text") and "files" not in call
            text |= "text" in given or call == "open"
            assert not text or "encoding" in given, f"{path.name}:{node.lineno}: {call}"


def test_figures_do_not_import_torch():
    for path in (PACKAGE / "figures").glob("*.py"):
        names = {n.split(".")[0] for n in code_inputs.named(ast.parse(path.read_text()))}
        assert "torch" not in names, path.name


def test_declared_sources_are_the_ones_a_run_loads():
    """The modules that training really imports, against the import graph's answer."""
    declared = code_inputs.sources("training losses=minimax models=dense modes=spsa")
    code = (
        "import sys; from approxgan.training import stage; from approxgan.config import registry\n"
        "for f, n in (('modes', 'spsa'), ('losses', 'minimax'), ('models', 'dense')):\n"
        "    registry.load(f, n)\n"
        "print('\\n'.join(m.__file__ for n, m in sys.modules.items()"
        " if n.startswith('approxgan.') and getattr(m, '__file__', None)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {Path(line) for line in out.stdout.splitlines() if line.endswith(".py")}
    assert {p for p in loaded if p.stat().st_size} <= set(declared)
    assert not any(path.name == "exact.py" for path in declared)


SPELLED = {*paths.TRAINED, paths.SCORES, paths.CHECKPOINT, paths.WRITER, "config.json"}
SPELLED |= {
    paths.MANIFEST,
    paths.CRATE,
    paths.BESIDE,
    "points.npz",
    "points.parquet",
    "report.html",
    "summary.md",
}


def test_only_design_paths_spells_a_file_of_the_results():
    for path in PACKAGE.rglob("*.py"):
        if path == Path(paths.__file__):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            assert not (isinstance(node, ast.Constant) and node.value in SPELLED), (
                f"{path}:{node.lineno} spells {node.value}"
            )
    for path in [ROOT / "Snakefile", *ROOT.glob("workflow/rules/*.smk")]:
        for found in re.findall(r"""["']results/[^"']*""", path.read_text()):
            raise AssertionError(f"{path.name} spells {found}")


def test_the_version_is_said_once_more_and_the_same():
    from approxgan import __version__

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert project["version"] == citation["version"] == __version__


def pins():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    (whole,) = (line for line in extras["dev"] if "==" not in line)
    assert whole == "approxgan[workflow]"
    pinned = dict(line.split("==") for line in extras["workflow"] + extras["dev"] if line != whole)
    for line in project["dependencies"]:
        name, least = line.split(">=")
        assert tuple(map(int, least.split("."))) <= tuple(map(int, pinned[name].split(".")[:2]))
    return pinned


def test_the_library_alone_imports_nothing_but_its_own_dependencies():
    """What it and the command line load, or would, is the standard library's or declared."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {re.split("[<>=]", line)[0] for line in project["dependencies"]}
    names = {"pyyaml": "yaml"}
    allowed = {names.get(name, name) for name in declared} | sys.stdlib_module_names
    roots = ["approxgan.testing", "approxgan.library.advice", "approxgan.library.gradient"]
    roots += ["approxgan.library.smoothing", "approxgan.library.score_function"]
    roots += [f"approxgan.estimators.{name}" for name in registry.names("modes")]
    for module in code_inputs.modules(roots):
        path = code_inputs.path_of(module)
        if path is None or ".sweep" in module:
            continue
        tree = ast.parse(path.read_bytes())
        found = {name.split(".")[0] for name in code_inputs.named(tree)}
        # Names of types alone.
        guarded = {"pandas", "matplotlib"} if module == "approxgan.core.protocols" else set()
        assert found - allowed - guarded <= {"approxgan", ""}, module


def test_the_lock_file_holds_the_projects_pins():
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    locked = {
        name.lower(): version
        for name, version in (line.split("==") for line in lines if not line.startswith("#"))
    }
    for name, version in pins().items():
        assert locked[name.lower()] == version, name


def test_the_conda_environment_agrees_with_the_pins():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    conda = [line for line in environment["dependencies"] if "=" in line]
    found = dict(re.split(r"=+", line, maxsplit=1) for line in conda)
    names = {"torch": "pytorch", "matplotlib": "matplotlib-base"}
    for name, version in pins().items():
        assert found[names.get(name, name)] == version, name
    assert found["python"].startswith("3.")


def test_every_variant_file_describes_itself():
    for family in FAMILIES:
        for name in registry.names(family):
            about = registry.describe(family, name)
            assert about.summary.endswith("."), name
            if family == "modes":
                assert isinstance(about.constants["takes_epsilon"], bool)


def test_every_figure_states_its_needs_title_and_caption():
    for name in registry.names("figures"):
        stated = registry.describe("figures", name).constants
        assert {"needs", "title", "caption"} <= set(stated), name


def test_the_readme_names_every_variant_that_is_chosen_by_name():
    text = (ROOT / "README.md").read_text()
    for family in ("modes", "rules", "datasets", "losses", "models", "metrics"):
        for name in registry.names(family):
            assert name in text, name


def test_the_library_loads_nothing_of_the_workflow():
    """``import approxgan`` and its names; what an estimate loads besides torch."""
    code = (
        "import sys, approxgan\n"
        "assert 'torch' not in sys.modules and len(approxgan.__all__) <= 8\n"
        "for name in approxgan.__all__: getattr(approxgan, name)\n"
        "import torch\n"
        "approxgan.estimate(lambda t: t.sum(), torch.ones(2), 'spsa', eps=1e-3)\n"
        "heavy = ('pandas', 'matplotlib', 'snakemake', 'numba', 'sklearn', 'yaml', 'jsonschema')\n"
        "print(*(name for name in heavy if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "\n"), done.stderr
