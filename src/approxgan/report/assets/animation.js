"use strict";
// Steps through the snapshots of exact beside another cell of the same data set.
(() => {
  const box = document.getElementById("animation-data");
  const scenes = box ? JSON.parse(box.textContent) : [];
  if (!scenes.length) return;
  const [set, other] = ["set", "cell"].map((name) => document.getElementById(`animate-${name}`));
  const [button, slider, told, stage] = ["play", "slider", "told", "stage"].map((name) =>
    document.getElementById(`animate-${name}`),
  );
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const NS = "http://www.w3.org/2000/svg";
  const SIDE = 255, PAUSE = 900;
  let scene, panels, timer = null;

  // Two bytes a point, x and y, in 255ths of the frame.
  function points(packed, radius) {
    const bytes = atob(packed);
    let d = "";
    for (let k = 0; k < bytes.length; k += 2) {
      const [x, y] = [bytes.charCodeAt(k), SIDE - bytes.charCodeAt(k + 1)];
      d += `M${x - radius} ${y}a${radius} ${radius} 0 1 0 ${2 * radius} 0a${radius} ${radius} 0 1 0 ${-2 * radius} 0`;
    }
    return d;
  }
  function drawn(name, attributes) {
    const made = document.createElementNS(NS, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }
  function panel(cell) {
    const box = document.createElement("figure");
    const heading = document.createElement("h3");
    heading.textContent = cell.name;
    const svg = drawn("svg", { viewBox: `-4 -4 ${SIDE + 8} ${SIDE + 8}`, class: "plot", role: "img" });
    svg.style.setProperty("--mine", cell.colour);
    const made = drawn("path", { class: "made" });
    svg.append(
      drawn("rect", { class: "axis", x: -3, y: -3, width: SIDE + 6, height: SIDE + 6 }),
      drawn("path", { class: "truth", d: points(scene.truth, 1) }),
      made,
    );
    const caption = document.createElement("figcaption");
    box.append(heading, svg, caption);
    return { cell, svg, made, caption, box };
  }
  function show() {
    const step = scene.steps[slider.value].toLocaleString("en");
    const text = `step ${step} of ${scene.steps[scene.steps.length - 1].toLocaleString("en")}`;
    told.textContent = text;
    slider.setAttribute("aria-valuetext", text);
    for (const { cell, svg, made, caption } of panels) {
      const frame = cell.frames[slider.value];
      made.setAttribute("d", frame ? points(frame.points, 1.5) : "");
      const beyond = frame && frame.outside ? `, ${frame.outside} more outside the frame` : "";
      const seen = frame ? `${atob(frame.points).length / 2} points${beyond}` : "no finite sample: diverged";
      // The step again: on paper there is no slider.
      caption.textContent = `${text}: ${seen}`;
      svg.setAttribute("aria-label", `${cell.name}, ${caption.textContent}`);
    }
  }
  function stop() {
    clearInterval(timer);
    timer = null;
    button.textContent = "Play";
    // While it plays, each step would be read out.
    told.setAttribute("aria-live", "polite");
  }
  function play() {
    if (slider.value === slider.max) slider.value = 0;
    told.setAttribute("aria-live", "off");
    button.textContent = "Pause";
    show();
    timer = setInterval(() => {
      slider.value = Number(slider.value) + 1;
      show();
      if (slider.value === slider.max) stop();
    }, PAUSE);
  }
  function choose() {
    stop();
    scene = scenes[set.value];
    const chosen = Math.min(other.value || scene.start, scene.cells.length - 1);
    slider.max = scene.steps.length - 1;
    panels = [scene.exact, scene.cells[chosen]].map(panel);
    stage.replaceChildren(...panels.map((one) => one.box));
    show();
  }
  function enter() {
    const cells = scenes[set.value].cells;
    other.replaceChildren(...cells.map((cell, k) => new Option(cell.name, k)));
    other.value = scenes[set.value].start;
    choose();
  }
  set.replaceChildren(...scenes.map((one, k) => new Option(one.name, k)));
  set.addEventListener("input", enter);
  other.addEventListener("input", choose);
  slider.addEventListener("input", () => {
    stop();
    show();
  });
  button.addEventListener("click", () => (timer === null ? play() : stop()));
  slider.max = scenes[0].steps.length - 1;
  slider.value = slider.max;
  enter();
  document.getElementById("animate").hidden = false;
  if (still.matches) return;
  // Once, when it comes into view; it ends by itself at the last snapshot.
  const seen = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    seen.disconnect();
    if (timer === null) play();
  }, { threshold: 0.6 });
  seen.observe(stage);
})();
