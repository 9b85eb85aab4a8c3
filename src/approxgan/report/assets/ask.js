"use strict";
// The chooser: what is chosen decides the ranking, the figure, the tables' rows and the address.
Promise.all([page.data, page.run]).then(([data, run]) => {
  if (!data.cells.length) return;
  const part = (name) => document.getElementById(`ask-${name}`);
  const KINDS = { data: "dataset", modes: "mode" };
  const wanted = { study: data.study, loss: "", metric: data.primary, budget: null, data: null, modes: null, view: "cost" };
  const views = page.views(run);
  const unique = (name, cells) => [...new Set(cells.map((cell) => cell[name]))];
  const spaced = (text) => text.replaceAll("_", " ");
  const ofStudy = () => data.cells.filter((cell) => (!wanted.study || cell.study === wanted.study) && (!wanted.loss || cell.loss === wanted.loss));
  const chosen = () => ofStudy().filter((cell) => Object.entries(KINDS).every(([kind, name]) => !wanted[kind] || wanted[kind].includes(cell[name])));
  // Guests stand beside whatever is chosen on their data set.
  const guests = (cells) => data.guests.filter((guest) => unique("dataset", cells).includes(guest.dataset));
  const most = (cells) => Math.max(1, ...cells.map((cell) => cell.spent.at(-1) ?? 0));
  const least = (cells) => Math.min(...cells.map((cell) => cell.spent.find((v) => v > 0) ?? Infinity), most(cells));

  // The last snapshot that the budget pays for.
  function within(cell, budget) {
    const scores = cell.scores[wanted.metric];
    if (!scores) return null;
    const spent = cell.spent.slice(-scores[0].length);
    let last = -1;
    spent.forEach((v, k) => { if (budget === null || (v !== null && v <= budget * 1.000001)) last = k; });
    return last < 0 ? null : { value: scores[0][last], low: scores[1][last], high: scores[2][last], spent: spent[last] };
  }
  // Tables with rows of cells, each with a note that tells how many of them are shown.
  const notes = [...document.querySelectorAll("main table")].filter((table) => table.querySelector("tr[data-cells]")).map((table) => {
    const note = page.element("p", undefined, { className: "screen soft", hidden: true });
    note.setAttribute("role", "status");
    (table.closest(".scroll") ?? table).before(note);
    return [table, note];
  });
  const order = (a, b) => (page.missing(a) - page.missing(b)) || (data.metrics[wanted.metric].better === "higher" ? b - a : a - b);
  function ranked(cells) {
    const sets = unique("dataset", cells), rows = new Map();
    for (const cell of cells) {
      const key = JSON.stringify(["study", "model", "loss", "mode", "step", "settings"].map((name) => cell[name] ?? ""));
      if (!rows.has(key)) rows.set(key, { cell, scores: {}, places: [] });
      rows.get(key).scores[cell.dataset] = { cell, ...within(cell, wanted.budget) };
    }
    for (const set of sets) {
      const here = [...rows.values()].filter((row) => !page.missing(row.scores[set]?.value));
      here.sort((a, b) => order(a.scores[set].value, b.scores[set].value));
      here.forEach((row, k) => row.places.push(k + 1));
    }
    const all = [...rows.values()];
    // The mean place; what lacks a score on some data set comes after what has all.
    for (const row of all) row.mean = row.places.length ? row.places.reduce((a, b) => a + b) / row.places.length : null;
    all.sort((a, b) => b.places.length - a.places.length || (page.missing(a.mean) - page.missing(b.mean)) || a.mean - b.mean);
    return { sets, rows: all };
  }
  // What all chosen pairs share, the exact gradient of the discriminator, is told once.
  const PAIR = /^G (.*), D exact$/;
  function naming(rows) {
    const pairs = rows.map((row) => row.cell).filter((cell) => cell.study).every((cell) => PAIR.test(cell.words));
    return { pairs, name: (cell) => (pairs ? cell.words.replace(PAIR, "$1") : cell.words) };
  }
  function ranking({ sets, rows }) {
    const { element } = page, table = document.getElementById("ranking");
    const own = rows.map((row) => row.cell).filter((cell) => cell.study);
    const { pairs, name: named } = naming(rows);
    const more = ["study", "loss", "model"].filter((name) => unique(name, own).length > 1);
    const head = element("tr"), body = element("tbody");
    const titles = ["place", "mode", "ε and settings", ...more, ...sets.map(spaced), ...(sets.length > 1 ? ["mean place"] : [])];
    titles.forEach((text, k) => head.append(element("th", text, { scope: "col", className: k === 0 || k >= 3 + more.length ? "n" : "" })));
    rows.forEach((row, k) => {
      const line = element("tr");
      const mode = element("th", undefined, { scope: "row" }), dot = element("i");
      dot.style.background = row.cell.colour;
      mode.append(dot, ` ${named(row.cell)}`);
      const step = [(row.cell.step ?? "–") === "–" ? "" : `ε ${row.cell.step}`, row.cell.told].filter(Boolean).join(", ");
      line.append(element("td", row.places.length ? String(k + 1) : "–", { className: "n" }), mode, element("td", step || "–"));
      for (const name of more) line.append(element("td", spaced(row.cell[name] ?? "–")));
      for (const set of sets) {
        const found = row.scores[set], cell = element("td", undefined, { className: "n" });
        cell.dataset.value = found?.value ?? "";
        if (found) {
          const place = data.cells.indexOf(found.cell);
          const text = page.missing(found.value) ? "no score" : page.show(found.value);
          const opened = place < 0 ? element("a", text, { href: "#guests" }) : page.button(text, `${text}: open the runs of ${run.name(found.cell)}`, () => run.open([place], wanted.metric));
          cell.append(opened);
          if (!page.missing(found.low) && !page.missing(found.high)) cell.append(element("small", ` ${page.show(found.low)} to ${page.show(found.high)}`));
        } else cell.append("–");
        line.append(cell);
      }
      if (sets.length > 1) line.append(element("td", page.show(row.mean), { className: "n" }));
      body.append(line);
    });
    const thead = element("thead");
    thead.append(head);
    const about = data.metrics[wanted.metric];
    const sides = about.better === "neither" ? " Neither side is better: places follow the value." : "";
    const last = rows.some((row) => row.places.length < sets.length) ? " Modes without a score on some data set come last." : "";
    const caption = `${about.words}: median over seeds, and its quartiles, at the last snapshot that the budget pays for. A diverged run counts as the worst.${last}${sides}${pairs ? " The discriminator has its exact gradient in all." : ""}`;
    table.replaceChildren(element("caption", caption, { className: "soft" }), thead, body);
    page.sorts(table);
  }
  function figure({ sets, rows }) {
    const cells = rows.map((row) => row.cell).filter((cell) => cell.study);
    const { name } = naming(rows);
    const label = (cell) => {
      const alone = rows.filter((other) => other.cell.mode === cell.mode).length === 1;
      return [name(cell), alone || (cell.step ?? "–") === "–" ? "" : `ε ${cell.step}`].filter(Boolean).join(" ");
    };
    const about = { metric: wanted.metric, words: data.metrics[wanted.metric].words, budget: wanted.budget };
    const [drawn, caption] = views[wanted.view].draw({ sets, rows, name, label, ...about, low: least(cells), high: most(cells) });
    part("figure").className = `drawn ${wanted.view}`;
    part("figure").replaceChildren(...drawn, page.element("figcaption", caption));
  }
  // The tables keep all their rows until something is chosen.
  function rowsOf(cells, isChosen) {
    const places = new Set(cells.map((cell) => data.cells.indexOf(cell)));
    part("told").textContent = `${cells.length} of ${data.cells.length} cells are chosen.`;
    if (!isChosen) return;
    for (const [table, note] of notes) {
      const rows = [...table.querySelectorAll("tr[data-cells]")];
      for (const row of rows) row.hidden = !row.dataset.cells.split(",").some((place) => places.has(Number(place)));
      const count = rows.filter((row) => !row.hidden).length;
      note.hidden = count === rows.length;
      note.replaceChildren(`${count} of ${rows.length} rows are of the chosen cells. `, page.element("a", "Choose others", { href: "#ask" }), ".");
    }
  }
  function fill(select, options, value) {
    select.replaceChildren(...options.map(([text, name]) => new Option(text, name)));
    select.value = value;
  }
  function controls() {
    fill(part("study"), [["all studies", ""], ...unique("study", data.cells).map((name) => [spaced(name), name])], wanted.study);
    const study = data.cells.filter((cell) => !wanted.study || cell.study === wanted.study);
    const losses = unique("loss", study);
    if (!losses.includes(wanted.loss)) wanted.loss = "";
    fill(part("loss"), [["all losses", ""], ...losses.map((name) => [spaced(name), name])], wanted.loss);
    fill(part("metric"), Object.entries(data.metrics).map(([name, about]) => [`${about.words}${about.better === "neither" ? "" : ` (${about.better} is better)`}`, name]), wanted.metric);
    fill(part("view"), Object.entries(views).map(([name, view]) => [view.words, name]), wanted.view);
    for (const [kind, name] of Object.entries(KINDS)) {
      const known = unique(name, ofStudy());
      const kept = wanted[kind] && wanted[kind].filter((value) => known.includes(value));
      wanted[kind] = kept && kept.length && kept.length < known.length ? kept : null;
      chips(kind, name, known);
    }
    const cells = chosen();
    const [low, high] = [Math.log10(least(cells)), Math.log10(most(cells))];
    Object.assign(part("budget"), { min: 0, max: 100, step: 1 });
    part("budget").value = wanted.budget === null ? 100 : Math.round((100 * (Math.log10(wanted.budget) - low)) / (high - low || 1));
    part("spent").textContent = wanted.budget === null ? `all: up to ${page.show(most(cells))}` : page.show(wanted.budget);
    part("budget").setAttribute("aria-valuetext", part("spent").textContent);
    return cells;
  }
  function chips(kind, name, known) {
    const legend = part(kind).querySelector("legend");
    const focused = document.activeElement?.dataset?.value;
    const labels = known.map((value) => {
      const label = page.element("label"), box = page.element("input", undefined, { type: "checkbox" });
      box.dataset.value = value;
      box.checked = !wanted[kind] || wanted[kind].includes(value);
      box.addEventListener("change", () => {
        const now = [...part(kind).querySelectorAll("input")].filter((input) => input.checked).map((input) => input.dataset.value);
        choose({ [kind]: now.length ? now : [value] });
      });
      label.append(box);
      const cell = data.cells.find((one) => one[name] === value);
      if (kind === "modes") {
        const dot = page.element("i");
        dot.style.background = cell.colour;
        label.append(dot);
      }
      label.append(kind === "modes" ? cell.words : spaced(value));
      return label;
    });
    part(kind).replaceChildren(legend, ...labels);
    if (focused) [...part(kind).querySelectorAll("input")].find((input) => input.dataset.value === focused)?.focus();
  }
  function address() {
    const told = new URLSearchParams({ study: wanted.study, metric: wanted.metric });
    if (wanted.loss) told.set("loss", wanted.loss);
    if (wanted.view !== "cost") told.set("view", wanted.view);
    if (wanted.budget !== null) told.set("budget", wanted.budget.toPrecision(4));
    for (const kind of Object.keys(KINDS)) if (wanted[kind]) told.set(kind, wanted[kind].join(","));
    if (run.state.place !== null) told.set("run", run.state.place);
    return `#ask?${told}`;
  }
  const written = () => history.replaceState(null, "", address());
  function refresh(isChosen = true) {
    const cells = controls(), found = ranked([...cells, ...guests(cells)]);
    ranking(found);
    figure(found);
    rowsOf(cells, isChosen);
  }
  function choose(more) {
    Object.assign(wanted, more);
    refresh();
    written();
  }
  // True where the address has a view.
  function read() {
    if (!location.hash.startsWith("#ask?")) return false;
    const told = new URLSearchParams(location.hash.slice(5));
    const listed = (kind) => (told.get(kind) ? told.get(kind).split(",") : null);
    const study = told.get("study") ?? data.study;
    wanted.study = data.cells.some((cell) => cell.study === study) ? study : "";
    wanted.loss = told.get("loss") ?? "";
    wanted.metric = told.get("metric") in data.metrics ? told.get("metric") : data.primary;
    wanted.view = told.get("view") in views ? told.get("view") : "cost";
    wanted.budget = Number(told.get("budget")) > 0 ? Number(told.get("budget")) : null;
    for (const kind of Object.keys(KINDS)) wanted[kind] = listed(kind);
    refresh();
    const cell = told.get("run");
    if (cell !== null && data.cells[Number(cell)]) run.open([Number(cell)], wanted.metric);
    else document.getElementById("ask").scrollIntoView();
    return true;
  }
  for (const name of ["study", "loss", "metric", "view"]) {
    part(name).addEventListener("input", () => {
      const afresh = name === "study" ? { data: null, modes: null, budget: null } : {};
      choose({ [name]: part(name).value, ...afresh });
    });
  }
  part("budget").addEventListener("input", () => {
    const cells = chosen(), share = Number(part("budget").value) / 100;
    const [low, high] = [Math.log10(least(cells)), Math.log10(most(cells))];
    choose({ budget: share >= 1 ? null : +(10 ** (low + share * (high - low))).toPrecision(3) });
  });
  part("all").addEventListener("click", () => {
    choose({ study: "", loss: "", budget: null, data: null, modes: null });
  });
  run.state.told = () => written();
  window.addEventListener("hashchange", read);
  document.getElementById("chooser").hidden = false;
  if (!read()) refresh(false);
});
