"""Guests on the page: a row and a figure, marked as such; none without guests."""

from __future__ import annotations

from matplotlib.figure import Figure
from worlds import browser, drawn, pages, synthetic

from approxgan.figures import stage as drawing
from approxgan.report import stage as report
from approxgan.storage import files


def test_a_guest_has_a_row_and_a_figure_of_its_own_and_changes_no_verdict(tmp_path):
    tables = {**synthetic.empty(), **pages.whole()}
    path = pages.write(tables, tmp_path)
    before, verdicts = path.read_text(), (tmp_path / "summary.md").read_text()
    assert 'id="guests"' not in before
    assert 'id="figure-guests"' not in before
    for name, frame in synthetic.invited(tables).items():
        files.write_table(tmp_path / "tables" / name, frame)
    drawing.save(Figure(figsize=(1, 1)), tmp_path / "figures" / "guests", 20, "Guests", "A. B.")
    report.stage(pages.CONFIG, tmp_path, {"Python": "3.x", "approxgan": "0.0.<1>"})
    page = path.read_text()
    assert 'id="figure-guests"' in page
    row = page[page.index("their gan (guest)") :].partition("</tr>")[0]
    assert ">hinge<" in row
    assert ">0.5<" in row
    assert ">3 of 3<" in row
    assert "−0.121 to 1.12" in row  # Student's, of three values with sd 0.25
    assert (tmp_path / "summary.md").read_text() == verdicts


def test_the_figure_names_guests_as_guests_and_draws_every_seed():
    figure = drawn.draw("guests", synthetic.invited({**synthetic.empty(), **synthetic.make()}))
    assert "guest: their gan" in drawn.words(figure)
    (strip,) = [ax for ax in figure.axes if ax.get_xlabel()]
    found = [offset[0] for offset in strip.collections[0].get_offsets()]
    assert sorted(found) == list(synthetic.VALUES)


ASKED = """
found.rows = all("#ranking tbody tr").map((row) => [...row.cells].map((c) => c.textContent.trim()));
found.link = document.querySelector("#ranking td a").getAttribute("href");
found.lines = all("#ask-figure metadata").map((data) => data.textContent);
"""


@browser.NEEDED
def test_a_guest_stands_among_the_modes_of_its_data_set(tmp_path):
    drawing.save(Figure(figsize=(1, 1)), tmp_path / "figures" / "guests", 20, "Guests", "A. B.")
    page = pages.write(synthetic.invited({**synthetic.empty(), **pages.whole()}), tmp_path)
    views = [(ASKED, 1400, 900, f"#ask?study=main&data=ring{more}") for more in ("", "&budget=900")]
    (whole, poor), console = browser.look(page, *views)
    assert console == []
    (row,) = [row for row in whole["rows"] if "guest" in row[1]]
    assert row[1] == "their gan (guest)"
    assert row[3].startswith("0.5 ")  # the median of its seeds
    assert len({line[0] for line in whole["rows"]}) == len(whole["rows"])
    assert whole["link"] == "#guests"
    assert "their gan (guest)" in whole["lines"][0]
    # It spent 5,000 evaluations.
    (row,) = [row for row in poor["rows"] if "guest" in row[1]]
    assert row[0] == "–"
