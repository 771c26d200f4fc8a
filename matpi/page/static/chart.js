// Minutes a day as bars against the plan's band, and tightness as marks above them, over the same days: one SVG.
// Whatever the number of days, it is a few paths, and their colours are in app.css: a theme or the printer changes them.
import {h, svg} from "./ui.js";

const LEFT = 30, RIGHT = 10, HEAD = 20, TIGHT_H = 96, GAP = 18, MINUTES_H = 120, SIGNS_H = 20, AXIS_H = 18;
const TIGHT_Y = HEAD, LOOSER_Y = TIGHT_Y + TIGHT_H + 9;
const MINUTES_Y = LOOSER_Y + GAP + HEAD - 8, BASE_Y = MINUTES_Y + MINUTES_H, SIGNS_Y = BASE_Y + 11;
export const HEIGHT = BASE_Y + SIGNS_H + AXIS_H;
const LABEL_PX = 58; // from one label of the axis to the next, at the least
const STEPS_MIN = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 3000];

const n = value => value.toFixed(1);

/** The outline of a mark: its shape is the moment of the answer, so that it needs no colour. */
const MARKS = {
  before: (x, y, r) => `M${n(x - r)} ${n(y)}a${n(r)} ${n(r)} 0 1 0 ${n(2 * r)} 0a${n(r)} ${n(r)} 0 1 0 ${n(-2 * r)} 0z`,
  after: (x, y, r) => `M${n(x - 0.9 * r)} ${n(y - 0.9 * r)}h${n(1.8 * r)}v${n(1.8 * r)}h${n(-1.8 * r)}z`,
  day: (x, y, r) => `M${n(x)} ${n(y - 1.2 * r)}l${n(1.2 * r)} ${n(2.1 * r)}h${n(-2.4 * r)}z`,
  looser: (x, y, r) => `M${n(x - r)} ${n(y - 0.5 * r)}l${n(r)} ${n(r)}l${n(r)} ${n(-r)}`,
  check: (x, y, r) => `M${n(x - 0.9 * r)} ${n(y)}l${n(0.7 * r)} ${n(0.8 * r)}l${n(1.2 * r)} ${n(-1.7 * r)}`,
  rest: (x, y, r) => `M${n(x - r)} ${n(y)}h${n(2 * r)}`,
  stop: (x, y, r) => `M${n(x - r)} ${n(y - r)}l${n(2 * r)} ${n(2 * r)}M${n(x - r)} ${n(y + r)}l${n(2 * r)} ${n(-2 * r)}`,
};
export const MOMENTS = ["before", "after", "day"];

const barOf = ({done}) => (done === null ? "plain" : done ? "done" : "less");

/** A small picture of one mark, of a bar ("plain", "less", "done"), or of the "band", for a legend. */
export function sample(kind) {
  const path = MARKS[kind] ? MARKS[kind](9, 7, 4) : kind === "band" ? "M1 2h16v10h-16z" : "M5 1h8v12h-8z";
  return svg("svg", {class: "sample", viewBox: "0 0 18 14", width: 18, height: 14, "aria-hidden": "true"},
    svg("path", {class: kind in MARKS ? `mark ${kind}` : kind === "band" ? kind : `bar ${kind}`, d: path}));
}

/** Runs of points with the same band, as one area each: side by side they would show seams. */
function bands(points, x, y) {
  const runs = [];
  points.forEach(({band}, i) => {
    const last = runs.at(-1);
    if (!band) return;
    if (last && last.to === i && last.band[0] === band[0] && last.band[1] === band[1]) last.to = i + 1;
    else runs.push({from: i, to: i + 1, band});
  });
  return runs.map(({from, to, band: [low, high]}) => `M${n(x(from))} ${n(y(high))}H${n(x(to))}V${n(y(low))}H${n(x(from))}z`).join("");
}

function draw(points, width, {axis, titles}) {
  const step = (width - LEFT - RIGHT) / points.length;
  const x = i => LEFT + i * step, middle = i => x(i) + step / 2;
  const most = Math.max(10, ...points.map(p => Math.max(p.minutes, p.band ? p.band[1] : 0)));
  const tick = STEPS_MIN.find(one => most / one <= 4) ?? Math.ceil(most / 4);
  const top = Math.ceil(most / tick) * tick;
  const minutesY = value => BASE_Y - (value / top) * MINUTES_H, tightY = value => TIGHT_Y + ((10 - value) / 9) * TIGHT_H;
  const r = Math.min(4.5, Math.max(1.8, step / 2 - 0.5)), bar = Math.min(34, Math.max(1, step * 0.66));

  const lines = [], words = [[LEFT, TIGHT_Y - 9, titles.tightness, "title"], [LEFT, MINUTES_Y - 9, titles.minutes, "title"]];
  const level = (y, label) => {
    lines.push(`M${LEFT} ${n(y)}H${n(width - RIGHT)}`);
    words.push([LEFT - 7, y + 4, label, "end"]);
  };
  for (const value of [1, 4, 7, 10]) level(tightY(value), value);
  for (let value = 0; value <= top; value += tick) level(minutesY(value), value);
  const every = Math.max(1, Math.ceil(LABEL_PX / step));
  for (let i = points.length - 1; i >= 0; i -= every) {
    const at = Math.min(middle(i), width - 22);
    if (at > LEFT + 12 || points.length === 1) words.push([at, HEIGHT - 4, axis(points[i]), "middle"]);
  }

  const rise = (p, i) => p.minutes > 0 ? `M${n(middle(i) - bar / 2)} ${BASE_Y}V${n(Math.min(BASE_Y - 1, minutesY(p.minutes)))}h${n(bar)}V${BASE_Y}z` : "";
  const all = make => points.map(make).join("");
  const sign = (kind, shown, y, size = r) => svg("path", {class: `mark ${kind}`, d: all((p, i) => shown(p) ? MARKS[kind](middle(i), y(p), size) : "")});
  // A line joins answers of one moment: before and after a session are not compared with each other.
  const joined = moment => points.flatMap((p, i) => p.value && p.moment === moment ? [`${n(middle(i))} ${n(tightY(p.value))}`] : []);
  return svg("svg", {viewBox: `0 0 ${n(width)} ${HEIGHT}`, width: n(width), height: HEIGHT, "aria-hidden": "true"},
    svg("path", {class: "grid", d: lines.join("")}),
    svg("path", {class: "band", d: bands(points, x, minutesY)}),
    svg("rect", {class: "cursor", x: 0, y: TIGHT_Y - 6, width: n(Math.max(2, step)), height: BASE_Y + SIGNS_H - TIGHT_Y + 4, rx: 3}),
    ...["plain", "less", "done"].map(kind => svg("path", {class: `bar ${kind}`, d: all((p, i) => (kind === barOf(p) ? rise(p, i) : ""))})),
    ...MOMENTS.map(moment => svg("path", {class: `line ${moment}`, d: joined(moment).length > 1 ? `M${joined(moment).join("L")}` : ""})),
    ...MOMENTS.map(moment => sign(moment, p => p.value && p.moment === moment, p => tightY(p.value))),
    sign("looser", p => p.looser, () => LOOSER_Y),
    sign("rest", p => p.rest && !p.stop, () => SIGNS_Y, Math.min(r, 4)),
    sign("stop", p => p.stop, () => SIGNS_Y, Math.max(2.5, r)),
    ...words.map(([at, y, text, kind]) => svg("text", {x: n(at), y: n(y), class: kind}, String(text))));
}

/**
 * Return the chart of `points`, oldest first, as an element that draws itself to its width.
 *
 * A point: {minutes, band: [lower, upper] or null, done (null: without a plan), value: 1 to 10 or null, moment, looser, rest, stop}.
 * `axis(point)` is its label below, `titles` are {tightness, minutes}, `label` names the whole.
 * With `says(point)` the arrow keys, Home, End, Page Up and Page Down move over the points, and each is announced in
 * these words; `moved(point)` follows, and `open(point)` comes by Enter or a click. Without, it is a picture.
 */
export function chart(points, {label, axis, titles, says, moved, open, width: fixed}) {
  const box = h("div", {class: "chart", "aria-label": label});
  let at = points.length - 1, width = 0, cursor;

  function place() {
    const step = (width - LEFT - RIGHT) / points.length;
    cursor?.setAttribute("x", n(LEFT + at * step + Math.min(0, step / 2 - 1)));
  }
  function resize(to) {
    if (Math.abs(to - width) < 1 || to < 80 || !points.length) return;
    width = to;
    box.replaceChildren(draw(points, width, {axis, titles}));
    cursor = box.querySelector(".cursor");
    if (!says) cursor.remove();
    place();
  }
  function move(to) {
    at = Math.max(0, Math.min(points.length - 1, to));
    box.setAttribute("aria-valuenow", at + 1);
    box.setAttribute("aria-valuetext", says(points[at]));
    place();
    moved?.(points[at]);
  }
  if (fixed) resize(fixed);
  else new ResizeObserver(([entry]) => resize(entry.contentRect.width)).observe(box);
  if (!says || !points.length) {
    box.setAttribute("role", "img");
    return box;
  }

  // A slider is what every screen reader moves with the arrow keys, saying each value as a text.
  for (const [key, value] of Object.entries({role: "slider", tabindex: 0, "data-key": "chart", "aria-valuemin": 1, "aria-valuemax": points.length})) box.setAttribute(key, value);
  move(at);
  const keys = {ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageUp: -7, PageDown: 7, Home: -points.length, End: points.length};
  box.addEventListener("keydown", event => {
    if (event.key in keys) move(at + keys[event.key]);
    else if (event.key === "Enter" || event.key === " ") open?.(points[at]);
    else return;
    event.preventDefault();
  });
  const under = event => Math.floor(((event.clientX - box.getBoundingClientRect().left - LEFT) / (width - LEFT - RIGHT)) * points.length);
  box.addEventListener("pointermove", event => move(under(event)));
  box.addEventListener("click", event => {
    move(under(event));
    open?.(points[at]);
  });
  return box;
}
