"""The manifest, RO-Crate metadata and packs of a finished run; citations."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zipfile

import pandas as pd
import pytest
import yaml
from worlds import ROOT, pages, synthetic

from approxgan.cli.parser import main
from approxgan.reference import beside, sides
from approxgan.storage import files
from approxgan.storage.tables import COLUMNS


def manifest(folder):
    return main(["manifest", "--results", str(folder), "--spec", json.dumps(pages.CONFIG)])


def pack(folder, path):
    return main(["pack", "--results", str(folder), "--to", str(path)])


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A finished run, made up."""
    folder = tmp_path_factory.mktemp("made")
    pages.write({**synthetic.empty(), **pages.whole()}, folder)
    files.write_json(folder / "provenance" / "a.json", {"torch": "1.0", "commit": "abc"})
    files.write_json(folder / "provenance" / "b.json", {"torch": "2.0", "commit": "abc"})
    assert manifest(folder) == 0
    return folder


@pytest.fixture
def run(made, tmp_path):
    return shutil.copytree(made, tmp_path / "results")


def test_the_manifest_has_the_config_versions_and_every_digest(made):
    told = json.loads((made / "manifest.json").read_text())
    found = [path for part in ("tables", "figures") for path in (made / part).iterdir()]
    names = {f"{path.parent.name}/{path.name}": path for path in found}
    names |= {name: made / name for name in ("report.html", "summary.md")}
    assert told["files"] == {
        name: {
            "bytes": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for name, path in names.items()
    }
    assert {f"tables/{name}.csv" for name in COLUMNS} < set(told["files"])
    assert told["config"] == pages.CONFIG
    assert told["made_with"]["torch"] == {"1.0": 1, "2.0": 1}
    assert told["made_with"]["commit"] == {"abc": 2}


def test_made_again_it_is_the_same_whenever_that_is(run):
    before = {
        name: (run / name).read_bytes() for name in ("manifest.json", "ro-crate-metadata.json")
    }
    assert manifest(run) == 0
    assert {name: (run / name).read_bytes() for name in before} == before
    os.utime(run / "tables" / "claims.csv", (4e9, 4e9))
    assert manifest(run) == 0
    assert json.loads((run / "manifest.json").read_text())["date"] == "2096-10-02"


def test_the_crate_describes_every_file_and_links_to_nothing_that_it_lacks(made):
    crate = json.loads((made / "ro-crate-metadata.json").read_text())
    entities = {entity["@id"]: entity for entity in crate["@graph"]}
    assert len(entities) == len(crate["@graph"])
    root = entities["./"]
    assert entities["ro-crate-metadata.json"]["about"] == {"@id": "./"}
    parts = [part["@id"] for part in root["hasPart"]]
    listed = json.loads((made / "manifest.json").read_text())["files"]
    assert set(parts) == {*listed, "manifest.json"}
    assert all((made / part).is_file() for part in parts)
    assert {"name", "description", "datePublished"} <= set(root)

    def linked(value):
        if isinstance(value, list):
            return [link for own in value for link in linked(own)]
        return [value["@id"]] if isinstance(value, dict) else []

    links = {
        link for entity in entities.values() for own in entity.values() for link in linked(own)
    }
    assert {link for link in links if not link.startswith("https:")} <= set(entities)
    for name, about in listed.items():
        assert entities[name]["contentSize"] == str(about["bytes"])


def test_a_pack_made_again_is_the_same_bytes_and_holds_what_the_manifest_tells(run, tmp_path):
    first, second = tmp_path / "a.zip", tmp_path / "b.zip"
    assert pack(run, first) == 0
    for path in run.rglob("*"):
        os.utime(path, (2e9, 2e9))
    assert pack(run, second) == 0
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as archive:
        assert archive.testzip() is None
        names = set(archive.namelist())
        listed = json.loads(archive.read("manifest.json"))["files"]
        assert names == {*listed, "manifest.json", "ro-crate-metadata.json", "config.yaml"}
        assert yaml.safe_load(archive.read("config.yaml")) == pages.CONFIG
        for name in listed:
            assert archive.read(name) == (run / name).read_bytes()


@pytest.mark.parametrize("change", ["missing", "another", "no manifest"])
def test_no_pack_of_other_files_than_the_manifest_tells_of(run, tmp_path, change, capsys):
    table = run / "tables" / "claims.csv"
    if change == "no manifest":
        (run / "manifest.json").unlink()
    elif change == "missing":
        table.unlink()
    else:
        table.write_text(f"{table.read_text()}x\n")
    path = tmp_path / "a.zip"
    assert pack(run, path) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert ("approxgan manifest" in said) == (change != "missing")
    assert not path.exists()


def test_a_pack_is_a_run_for_verify_and_beside(run, tmp_path, capsys):
    path = tmp_path / "a.zip"
    assert pack(run, path) == 0
    assert main(["verify", "--results", str(run), "--reference", str(path)]) == 0
    assert main(["verify", "--results", str(path), "--reference", str(run)]) == 0
    assert capsys.readouterr().out.count("all agree") == 2
    assert main(["report", "--beside", str(path), "--results", str(run)]) == 0
    quality = pd.read_parquet(run / "tables" / "quality.parquet")
    files.write_table(run / "tables" / "quality", quality.assign(value=quality["value"] + 9))
    there = sides.read(path)
    assert there.made == {"torch": "1.0 (1 jobs), 2.0 (1 jobs)", "commit": "abc"}
    assert there.config == pages.CONFIG
    found = beside.compare(sides.read(run), there).of(beside.MEAN)
    assert found
    assert all(one.test.ends.estimate == pytest.approx(9) for one in found)


@pytest.mark.parametrize("damage", ["cut", "cut short", "no files", "other table", "other zip"])
def test_a_damaged_pack_is_one_line(run, tmp_path, damage, capsys):
    path = tmp_path / "a.zip"
    assert pack(run, path) == 0
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    elif damage == "cut short":
        path.write_bytes(path.read_bytes()[:3000])
    elif damage == "no files":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("manifest.json", "{}")
    elif damage == "other zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("tables/claims.parquet", b"x")
    else:
        with zipfile.ZipFile(path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        with zipfile.ZipFile(path, "w") as archive:
            for name, held in members.items():
                archive.writestr(name, held + b"x" * (name == "tables/claims.parquet"))
    assert main(["verify", "--results", str(run), "--reference", str(path)]) == 2
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    assert f"{path}: not a run" not in said.err
    assert "('files')" not in said.err
    assert str(path) in said.err


def test_zenodo_is_told_what_the_citation_says():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    told = json.loads((ROOT / ".zenodo.json").read_text())
    assert told == {
        "upload_type": citation["type"],
        "creators": [{"name": author["name"]} for author in citation["authors"]],
        "license": citation["license"],
        "description": citation["abstract"],
        **{key: citation[key] for key in ("title", "version", "keywords")},
    }
