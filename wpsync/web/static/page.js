// Keeps the page current without losing the reader's place, and draws the charts. No library but uPlot.
"use strict";

const EVERY = 5000, CHARTS_EVERY = 60000;
const main = document.getElementById("main");
const lost = document.getElementById("lost");
const day = () => document.getElementById("day");
let selected = document.querySelector(".panel")?.dataset.selected || null;

async function text(url) {
  const reply = await fetch(url, { headers: { Accept: "text/html" }, cache: "no-store" });
  if (!reply.ok && reply.status !== 503) throw new Error(String(reply.status));
  return reply.text();
}

function swap(fresh) {
  // Replaces what changed, part by part; open and closed details stay as the reader left them.
  const now = main.querySelectorAll(":scope > [data-part], .pair > [data-part]");
  const ids = new Set([...now].map((part) => part.id));
  const next = fresh.querySelectorAll("[data-part]");
  if (next.length !== ids.size || [...next].some((part) => !ids.has(part.id))) {
    main.replaceChildren(...fresh.body.childNodes);
    return;
  }
  for (const part of next) {
    const old = document.getElementById(part.id);
    const panel = old.querySelector("#day"), place = part.querySelector("#day");
    if (panel && place) place.replaceWith(panel.cloneNode(true));
    old.querySelectorAll("details").forEach((shown, number) => {
      const other = part.querySelectorAll("details")[number];
      if (other) other.open = shown.open;
    });
    if (old.innerHTML === part.innerHTML && old.className === part.className) continue;
    const held = old.contains(document.activeElement) ? document.activeElement.dataset.day : null;
    old.className = part.className;
    old.replaceChildren(...part.childNodes);
    if (held) old.querySelector(`[data-day="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
  }
}

async function refresh() {
  if (document.hidden) return;
  try {
    const fresh = new DOMParser().parseFromString(await text("/?part=1"), "text/html");
    swap(fresh);
    mark();
    if (selected) await show(selected);
    lost.hidden = true;
    const at = new Intl.DateTimeFormat("sv", { timeZone: "Asia/Shanghai", timeStyle: "medium" }).format(new Date());
    const told = document.getElementById("updated");
    told.textContent = told.textContent.replace(/[\d:]+ ?[\d:]*(?=（| \()/, at);
  } catch {
    lost.hidden = false;
  }
}

async function show(key) {
  selected = key;
  const html = await text(`/day?day=${encodeURIComponent(key)}`);
  const parsed = new DOMParser().parseFromString(html, "text/html");
  if (day() && day().innerHTML !== parsed.body.innerHTML) day().replaceChildren(...parsed.body.childNodes);
  mark();
}

function mark() {
  for (const one of main.querySelectorAll("a.day[aria-current]")) one.removeAttribute("aria-current");
  if (selected) main.querySelector(`[data-day="${CSS.escape(selected)}"]`)?.setAttribute("aria-current", "true");
}

main.addEventListener("click", (event) => {
  const picked = event.target.closest("a.day[data-day]");
  if (picked) {
    event.preventDefault();
    show(picked.dataset.day).then(() => day().scrollIntoView({ block: "nearest" })).catch(() => { lost.hidden = false; });
  } else if (event.target.closest(".close")) {
    event.preventDefault();
    selected = null;
    day().replaceChildren();
    mark();
  }
});

main.addEventListener("keydown", (event) => {
  const here = event.target.closest("a.day[data-day]");
  const step = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -7, ArrowRight: 7 }[event.key];
  if (!here || !step) return;
  const all = [...here.parentElement.children];
  const there = all[all.indexOf(here) + step];
  if (!there) return;
  event.preventDefault();
  here.tabIndex = -1;
  there.tabIndex = 0;
  there.focus();
});

// Charts: one row of bars an hour each.
const charts = new Map();
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function options(width) {
  const axis = { stroke: () => colour("--muted"), grid: { stroke: () => colour("--line"), width: 1 }, ticks: { show: false }, font: "11px system-ui" };
  const short = (u, values) => values.map((v) => (v >= 10000 ? `${v / 1000}k` : v));
  return {
    width, height: 120, padding: [8, 6, 0, 0], legend: { show: false }, cursor: { y: false, points: { show: false } },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Asia/Shanghai"),
    scales: { x: { range: (u, first, last) => [first - 2400, last + 2400] }, y: { range: (u, low, high) => [0, Math.max(4, high * 1.1)] } },
    axes: [{ ...axis, grid: { show: false }, values: "{HH}:00", space: 60, size: 26 }, { ...axis, size: 44, space: 34, values: short }],
    series: [{}, { fill: () => colour("--good"), stroke: () => colour("--good"), width: 0, points: { show: false }, paths: uPlot.paths.bars({ size: [0.72, 40] }) }],
  };
}

async function draw() {
  if (document.hidden) return;
  let told;
  try {
    const reply = await fetch("/api/activity", { cache: "no-store" });
    if (!reply.ok) return;
    told = await reply.json();
  } catch {
    return; // the page itself says that the server is gone
  }
  const hours = told.hours.map((at) => Date.parse(at) / 1000);
  for (const figure of document.querySelectorAll("[data-chart]")) {
    const values = told[figure.dataset.chart], plot = figure.querySelector(".plot");
    const total = values.reduce((a, b) => a + b, 0).toLocaleString("en-US");
    figure.querySelector("figcaption span").textContent = figure.dataset.total.replace("%", total);
    const known = charts.get(figure.dataset.chart);
    if (known) known.setData([hours, values]);
    else charts.set(figure.dataset.chart, new uPlot(options(plot.clientWidth), [hours, values], plot));
  }
}

addEventListener("resize", () => {
  for (const [name, chart] of charts) chart.setSize({ width: document.querySelector(`[data-chart="${name}"] .plot`).clientWidth, height: 120 });
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { for (const chart of charts.values()) chart.redraw(); });
document.addEventListener("visibilitychange", () => { refresh(); draw(); });
setInterval(refresh, EVERY);
setInterval(draw, CHARTS_EVERY);
mark();
if (document.getElementById("activity")) draw();
