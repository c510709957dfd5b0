
"use strict";
// Nothing of a result file becomes markup here: text goes into textContent and value alone.
(() => {
  const $ = (id) => document.getElementById(id);
  const matrix = $("matrix"), detail = $("detail"), search = $("search"), chapter = $("chapter");
  let loaded = null, texts = null, opened = null, current = null;
  const data = () => loaded ??= JSON.parse($("data").textContent);
  const lines = Array.from(matrix.querySelectorAll(".line"));
  const groups = Array.from(matrix.querySelectorAll(".group"));
  const idOf = (line) => line.id.slice("clause-".length);
  const cellsOf = (line) => Array.from(line.querySelectorAll(".cell"));
  const verdictOf = (cell) => cell.classList[1];

  function element(tag, text = "", className = "") {
    const made = document.createElement(tag);
    made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  // --- search and filters ---------------------------------------------------------------------------------------

  function searchable(line) {
    const said = (data().cells[idOf(line)] ?? []).flatMap((cell) => cell.failed ?? [])
      .map((failure) => `${failure.case ?? ""} ${failure.kind ?? ""} ${failure.observed ?? ""} ${failure.known ?? ""}`);
    return [...Array.from(line.firstElementChild.children, (part) => part.textContent), ...said].join(" ").toLowerCase();
  }

  const pressed = (button) => button !== null && button.getAttribute("aria-pressed") === "true";
  const filters = Array.from(document.querySelectorAll(".filter[data-verdict]"));

  function apply() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = new Set(filters.filter(pressed).map((button) => button.dataset.verdict));
    const differ = pressed($("differ"));
    if (words.length) texts ??= new Map(lines.map((line) => [line, searchable(line)]));
    let shown = 0;
    for (const line of lines) {
      const verdicts = wanted.size || differ ? cellsOf(line).map(verdictOf) : [];
      const fits = (!chapter.value || line.parentElement.dataset.chapter === chapter.value)
        && (!wanted.size || verdicts.some((verdict) => wanted.has(verdict)))
        && (!differ || new Set(verdicts).size > 1)
        && words.every((word) => texts.get(line).includes(word));
      line.hidden = !fits;
      shown += fits;
    }
    for (const body of groups) body.hidden = !body.querySelector(".line:not([hidden])");
    matrix.hidden = shown === 0;
    $("nothing").hidden = shown > 0;
    $("count").textContent = shown === lines.length ? `${shown} clauses` : `${shown} of ${lines.length} clauses`;
    if (current && current.closest("[hidden]")) rove(null);
    if (opened && opened.closest("[hidden]")) close(false);
  }

  function showAll() {
    search.value = "";
    chapter.value = "";
    for (const button of document.querySelectorAll(".filter")) button.setAttribute("aria-pressed", "false");
    apply();
  }

  search.addEventListener("input", apply);
  chapter.addEventListener("change", apply);
  for (const button of document.querySelectorAll(".filter")) {
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(!pressed(button)));
      apply();
    });
  }
  $("clear").addEventListener("click", () => { showAll(); search.focus(); });

  // --- moving between cells: one of them is in the tab order ------------------------------------------------------

  function rove(cell) {
    if (current) current.tabIndex = -1;
    current = cell ?? matrix.querySelector(".line:not([hidden]) .cell");
    if (current) current.tabIndex = 0;
  }

  function moved(key, cell) {
    const line = cell.closest(".line"), row = cellsOf(line), column = row.indexOf(cell);
    if (key === "ArrowLeft") return row[column - 1];
    if (key === "ArrowRight") return row[column + 1];
    const shown = lines.filter((other) => !other.hidden), at = shown.indexOf(line);
    const steps = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: shown.length - 1 };
    return key in steps && shown[steps[key]] ? cellsOf(shown[steps[key]])[column] : undefined;
  }

  matrix.addEventListener("keydown", (event) => {
    const cell = event.target.closest(".cell");
    if (!cell || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = moved(event.key, cell);
    if (!target) return;
    event.preventDefault();
    rove(target);
    target.focus();
    target.scrollIntoView({ block: "nearest" });
  });
  matrix.addEventListener("click", (event) => {
    const cell = event.target.closest(".cell");
    if (cell) open(cell);
  });

  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input, select, textarea");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      search.focus();
      search.select();
    } else if (event.key === "Escape" && event.target === search) {
      search.value = "";
      apply();
      search.blur();
    } else if (event.key === "Escape" && opened) {
      close(true);
    } else if (event.key === "ArrowDown" && event.target === search) {
      event.preventDefault();
      rove(null);
      if (current) current.focus();
    }
  });

  // --- what a cell opens ----------------------------------------------------------------------------------------

  function mark(on) {
    for (const part of opened ? [opened, opened.closest(".line")] : []) part.classList.toggle("open", on);
  }

  function open(cell) {
    mark(false);
    opened = cell;
    mark(true);
    rove(cell);
    const line = cell.closest(".line"), column = cellsOf(line).indexOf(cell);
    const [id, level, text] = Array.from(line.firstElementChild.children, (part) => part.textContent);
    const found = (data().cells[id] ?? [])[column] ?? {};
    $("detail-title").textContent = `${id} on ${data().runs[column]}: ${verdictOf(cell)}`;
    const was = cell.getAttribute("aria-label").match(/, was (\w+)$/);
    $("detail-body").replaceChildren(
      element("p", `${level}. ${text}`, "clause-text"),
      ...(was ? [element("p", `It was: ${was[1]}.`)] : []),
      ...(found.failed ?? []).map((one) => failure(one, text)),
      ...list("passed", found.passed ?? [], (number) => [data().tests[number], ""]),
      ...list("left out", found.out ?? [], ([number, why]) => [data().tests[number], why]),
    );
    detail.hidden = false;
    detail.scrollTop = 0;
    detail.focus({ preventScroll: true });
    cell.scrollIntoView({ block: "nearest" });
  }

  function failure(found, text) {
    const part = element("section", "", "failure"), facts = element("dl");
    const say = (name, value, tag = "code") => {
      if (!value) return;
      const place = element("dd");
      place.append(element(tag, value));
      facts.append(element("dt", name), place);
    };
    part.append(element("h4", found.case || data().tests[found.test].replace(/^.*::/, "").replaceAll("_", " ")));
    say("kind", found.kind, "span");
    say("observed", found.observed);
    say("permitted", found.permitted || text, found.permitted ? "code" : "span");
    say(found.known ? "known" : "", found.known, "span");
    if (!found.known) say("known", "no: this is not listed", "b");
    say("test", data().tests[found.test]);
    const program = element("pre", found.reproducer), button = element("button", "Copy the reproducer", "copy");
    button.type = "button";
    button.addEventListener("click", () => copy(found.reproducer, program, button));
    part.append(facts, program, button);
    return part;
  }

  function list(what, entries, named) {
    if (!entries.length) return [];
    const part = element("details"), items = element("ul");
    part.append(element("summary", `${entries.length} ${entries.length === 1 ? "test" : "tests"} ${what}`), items);
    part.addEventListener("toggle", () => {
      if (items.childElementCount) return;
      for (const [name, why] of entries.map(named)) {
        const item = element("li");
        item.append(element("code", name), why ? `: ${why}` : "");
        items.append(item);
      }
    });
    return [part];
  }

  function close(back) {
    const cell = opened;
    mark(false);
    opened = null;
    detail.hidden = true;
    if (back) cell.focus();
  }
  $("close").addEventListener("click", () => close(true));

  async function copy(text, shown, button) {
    let done = true;
    try {
      await navigator.clipboard.writeText(text);
    } catch { // no permission, or no secure context: the old way
      getSelection().selectAllChildren(shown);
      done = document.execCommand("copy");
    }
    button.textContent = done ? "Copied" : "Selected: copy it by hand";
    setTimeout(() => { button.textContent = "Copy the reproducer"; }, 2000);
  }

  // --- plots ----------------------------------------------------------------------------------------------------

  const SHAPES = [["circle", { r: 4 }], ["rect", { x: -3.5, y: -3.5, width: 7, height: 7 }],
    ["path", { d: "M0-5 5 0 0 5-5 0Z" }], ["path", { d: "M0-5 5 4-5 4Z" }]];
  const COLOURS = 8;

  function svg(tag, attributes = {}, ...inside) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...inside);
    return made;
  }

  function dot({ x, run, text }, y = 0) {
    const [tag, shape] = SHAPES[run % SHAPES.length];
    const look = { class: `mark run${run % COLOURS}`, transform: `translate(${x} ${y})` };
    return svg("g", look, svg("title", {}, text), svg(tag, shape));
  }

  const limitAt = (x) => svg("line", { class: "limit", x1: x, x2: x, y1: -6, y2: 6 });

  function strip({ name, y, marks, limit }, { left, width, runs }) {
    const apart = Math.min(3, 10 / runs.length); // equal figures do not hide each other
    return svg("g", { transform: `translate(0 ${y})` },
      svg("text", { x: left - 8, y: 4, "text-anchor": "end" }, name),
      svg("line", { class: "strip", x1: left, x2: width - 8, y1: 0, y2: 0 }),
      ...(limit === null ? [] : [limitAt(limit)]), ...marks.map((mark) => dot(mark, (mark.run - (runs.length - 1) / 2) * apart)));
  }

  function tick([x, label], { height }) {
    return [svg("line", { class: "tick", x1: x, x2: x, y1: 22, y2: height - 6 }),
      svg("text", { class: "label", x, y: 14, "text-anchor": "middle" }, label)];
  }

  function plot(figure) {
    const { width, height, description, ticks, strips } = figure;
    const size = { width, height, viewBox: `0 0 ${width} ${height}` };
    return svg("svg", { class: "plot", role: "img", "aria-label": description, ...size },
      ...ticks.flatMap((one) => tick(one, figure)), ...strips.map((one) => strip(one, figure)));
  }

  function fitted(figure, room) { // in a narrow window the axis is shorter
    if (room >= figure.width) return figure;
    const width = Math.max(room, 320), left = Math.min(figure.left, 145);
    const at = (x) => left + (x - figure.left) * (width - left) / (figure.width - figure.left);
    const strips = figure.strips.map((one) => ({
      ...one,
      limit: one.limit === null ? null : at(one.limit),
      marks: one.marks.map((mark) => ({ ...mark, x: at(mark.x) })),
    }));
    return { ...figure, width, left, strips, ticks: figure.ticks.map(([x, label]) => [at(x), label]) };
  }

  function key(runs, limit) {
    const entries = [...runs.map((text, run) => [dot({ x: 0, run, text }), text]), [limitAt(0), limit]];
    return entries.map(([sign, text]) => {
      const item = element("li");
      item.append(svg("svg", { width: 14, height: 14, viewBox: "-7 -7 14 14", "aria-hidden": true }, sign), text);
      return item;
    });
  }

  const drawn = new IntersectionObserver((entries) => { // drawn when they come near the view
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      drawn.unobserve(target);
      draw(target);
    }
  }, { rootMargin: "600px" });

  function draw(place) {
    const kind = place.dataset.figure;
    const legend = document.querySelector(`[data-key="${kind}"]`);
    const figure = figures()[kind][document.querySelector(`[data-figures="${kind}"]`).value];
    place.replaceChildren(plot(fitted(figure, place.parentElement.clientWidth - 2)));
    legend.replaceChildren(...key(figure.runs, legend.dataset.limit));
  }

  let read = null;
  const figures = () => read ??= JSON.parse($("figures").textContent);
  for (const place of document.querySelectorAll("[data-figure]")) drawn.observe(place);
  for (const choice of document.querySelectorAll("select[data-figures]")) {
    choice.addEventListener("change", () => draw(document.querySelector(`[data-figure="${choice.dataset.figures}"]`)));
  }

  // --- theme and size -------------------------------------------------------------------------------------------

  const theme = { // storage may be closed to files
    get: () => { try { return localStorage.getItem("theme"); } catch { return null; } },
    set: (name) => { try { localStorage.setItem("theme", name); } catch { /* till the page is left */ } },
  };
  const root = document.documentElement;
  if (["dark", "light"].includes(theme.get())) root.dataset.theme = theme.get();
  $("theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    theme.set(root.dataset.theme);
  });

  const toolbar = document.querySelector(".toolbar");
  new ResizeObserver(() => {
    root.style.setProperty("--toolbar", `${toolbar.offsetHeight}px`);
  }).observe(toolbar);
  for (const group of groups) { // what is out of view is laid out when it comes near
    group.style.containIntrinsicHeight = `auto ${30 * group.childElementCount}px`;
  }
  search.value = "";
  apply();
  rove(null);
})();
