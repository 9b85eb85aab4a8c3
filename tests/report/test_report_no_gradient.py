"""The section on generators without a gradient: there where they were run, and true."""

from __future__ import annotations

from pathlib import Path

from worlds import blind, pages, synthetic

from approxgan.report import explore, no_gradient


def made(**given: object) -> dict:
    tables = blind.tables(**given)
    outcomes = tables["outcomes"]
    places = explore.places(outcomes)
    return no_gradient.section(tables["no_gradient"], tables["noise_laws"], outcomes, places)


def test_it_tells_the_best_way_of_each_kind_and_the_formula() -> None:
    (told,) = made()["summary"]
    assert (told["dataset"], told["dimension"], told["metric"]) == ("counts", 10, "parameter error")
    ways = [found["way"] for (found,) in told["reached"]]
    assert ways[0] == "expected"
    assert ways[1] == "spsa, ε = 0.5"
    assert ways[2].startswith("avo")
    assert ways[3] == "forward difference, ε = 0.5"


def test_budgets_at_which_the_same_way_is_best_are_one_row() -> None:
    rows = made()["advice"]
    assert [(row["kind"], row["mode"], row["from"], row["to"]) for row in rows] == [
        ("steps, the same draws twice", "spsa", 1000.0, 4000.0),
        ("fresh draws alone", "avo", 1000.0, 4000.0),
    ]


def test_a_row_names_its_own_cells() -> None:
    cells = explore.known(blind.tables()["outcomes"])
    told = made()
    for row in told["advice"] + told["every"]:
        (place,) = row["cells"]
        own = cells.loc[place]
        assert own["mode"] == f"{row['mode']}+exact"
        assert ("fresh" in own["settings"]) == ("fresh draws" in row["way"])
    assert len({row["cells"][0] for row in told["every"]}) == len(cells)
    (one,) = told["summary"]
    modes = cells.loc[one["cells"], "mode"].tolist()
    assert modes == [f"{mode}+exact" for mode in ("expected", "spsa", "avo", "forward_difference")]


def test_slopes_stand_beside_theory() -> None:
    laws = {row["way"]: row for row in made()["laws"]}
    assert laws["forward difference, fresh draws"]["expected"] == -1.0
    assert abs(laws["forward difference"]["slope"] + 0.5) < 0.1


def test_without_such_a_study_there_is_none() -> None:
    empty = synthetic.empty()
    smooth = blind.tables()["no_gradient"].assign(is_smooth=True)
    for reached in (empty["no_gradient"], None, smooth):
        assert not no_gradient.section(reached, empty["noise_laws"], empty["outcomes"], {})


def test_the_page_has_it_where_it_was_run(tmp_path: Path) -> None:
    own = blind.tables()
    both = {name: own[name] for name in ("no_gradient", "noise_laws")}
    page = pages.write({**pages.whole(), **both}, tmp_path).read_text("utf-8")
    assert 'id="no-gradient"' in page
    assert '<th scope="row">counts</th><td class="n">10</td>' in page
    assert page.count("spsa, ε = 0.5") >= 2
    none = {name: frame.iloc[:0] for name, frame in both.items()}
    page = pages.write({**pages.whole(), **none}, tmp_path).read_text("utf-8")
    assert 'id="no-gradient"' not in page
