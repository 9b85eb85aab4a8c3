"use strict";
// Sorting by the headers of a table, and filters for its rows.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const missing = (text) => text === "" || text === "nan" || text === "–";
  const value = (row, column) => {
    const cell = row.cells[column];
    return cell ? cell.dataset.value ?? cell.textContent.trim() : "";
  };
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    head.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of heads) other.setAttribute("aria-sort", "none");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const order = (a, b) => {
        // What is missing comes last, whichever way is sorted.
        if (missing(a) || missing(b)) return missing(a) - missing(b);
        const difference = Number(a) - Number(b);
        const by = Number.isNaN(difference) ? a.localeCompare(b) : difference;
        return down ? -by : by;
      };
      const keyed = [...body.rows].map((row) => [value(row, column), row]);
      keyed.sort((a, b) => order(a[0], b[0]));
      body.append(...keyed.map(([, row]) => row));
    });
  });
}

for (const tools of document.querySelectorAll("[data-filters]")) {
  const table = document.getElementById(tools.dataset.filters);
  const rows = [...table.tBodies[0].rows];
  const find = tools.querySelector("[data-find]");
  const selects = [...tools.querySelectorAll("[data-column]")];
  const told = tools.querySelector("output");
  const text = (row, column) => (row.cells[column] ? row.cells[column].textContent : "");
  for (const select of selects) {
    const values = new Set(rows.map((row) => text(row, Number(select.dataset.column))));
    select.append(new Option("all", ""), ...[...values].map((name) => new Option(name, name)));
  }
  const apply = () => {
    const wanted = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const whole = row.textContent.toLowerCase();
      const here =
        wanted.every((word) => whole.includes(word)) &&
        selects.every((s) => !s.value || text(row, Number(s.dataset.column)) === s.value);
      row.hidden = !here;
      shown += here;
    }
    told.textContent = `${shown} of ${rows.length} cells`;
  };
  for (const control of [find, ...selects]) control.addEventListener("input", apply);
  tools.querySelector("[data-clear]").addEventListener("click", () => {
    for (const control of [find, ...selects]) control.value = "";
    apply();
  });
  tools.hidden = false;
  apply();
}
