"use strict";
// Tables sort by their headers and are saved as csv; plates are saved as they are.
page.sorts = (table) => {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const none = (text) => text === "" || text === "nan" || text === "–";
  const value = (row, column) => {
    const cell = row.cells[column];
    return cell ? cell.dataset.value ?? cell.textContent.trim() : "";
  };
  heads.forEach((head, column) => {
    const text = head.textContent;
    const button = page.element("button", text, { type: "button" });
    head.replaceChildren(button);
    head.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of heads) other.setAttribute("aria-sort", "none");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const order = (a, b) => {
        // What is missing comes last, whichever way is sorted.
        if (none(a) || none(b)) return none(a) - none(b);
        const difference = Number(a) - Number(b);
        const by = Number.isNaN(difference) ? a.localeCompare(b) : difference;
        return down ? -by : by;
      };
      const keyed = [...body.rows].map((row) => [value(row, column), row]);
      keyed.sort((a, b) => order(a[0], b[0]));
      body.append(...keyed.map(([, row]) => row));
    });
  });
};
// What an address names is shown, also in a closed part.
page.reveal = () => {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const closed = named?.closest("details:not([open])");
  if (!closed) return;
  closed.open = true;
  named.scrollIntoView();
};
window.addEventListener("hashchange", page.reveal);
page.reveal();
// The rows that are shown, as they are sorted, numbers in full.
page.rowsOf = (table) =>
  [...table.rows]
    .filter((row) => !row.hidden)
    .map((row) => [...row.cells].map((cell) => cell.dataset.value ?? cell.textContent.trim().replace(/\s+/g, " ")));
for (const table of document.querySelectorAll("table.sortable")) page.sorts(table);
for (const table of document.querySelectorAll("main table")) {
  const region = table.closest("[aria-label]");
  const name = region ? region.getAttribute("aria-label") : "table";
  const box = page.element("div", undefined, { className: "saves screen" });
  box.append(page.button("csv", `Save the table ${name} as csv`, () => page.save(`${page.slug(name)}.csv`, "text/csv", page.csv(page.rowsOf(table)))));
  (table.closest(".scroll") ?? table).after(box);
}
for (const plate of document.querySelectorAll("figure.plate")) {
  const { src } = plate.querySelector("img"), vector = plate.querySelector(".vector");
  const drawn = async () => (vector ? page.unpacked(vector).text() : decodeURIComponent(src.slice(src.indexOf(",") + 1)));
  const box = page.element("div", undefined, { className: "saves screen" });
  const name = `${plate.dataset.name}.svg`;
  box.append(page.button("svg", `Save the figure ${name}`, async () => page.save(name, "image/svg+xml", await drawn())));
  plate.append(box);
}
