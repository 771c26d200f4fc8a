// The dial: one tick a planned minute around the time, and behind it the breath as a disc that grows and shrinks.
import {clock, h, number, put, svg, t} from "./ui.js";

const CENTRE = 120, OUTER = 112, LONG = 16, SHORT = 11, MOST = 60;
const still = matchMedia("(prefers-reduced-motion: reduce)");

/** Return the range of minutes as text, "15–20". */
export const range = ({lower_min, upper_min}) => lower_min === upper_min ? `${upper_min}` : `${lower_min}–${upper_min}`;

/** Return the breath at a time on the mat: {side, fullness, left_s}; null outside the minutes that are paced. */
export function breathAt(pacer, onMat) {
  const into = onMat - (pacer?.begins_s ?? 0);
  if (!pacer || into < 0 || onMat >= pacer.ends_s) return null;
  const at = into % (pacer.in_s + pacer.out_s), inhale = at < pacer.in_s;
  const part = inhale ? at / pacer.in_s : (at - pacer.in_s) / pacer.out_s, risen = (1 - Math.cos(Math.PI * part)) / 2;
  return {side: inhale ? "in" : "out", fullness: inhale ? risen : 1 - risen, left_s: Math.ceil((inhale ? pacer.in_s : pacer.in_s + pacer.out_s) - at)};
}

/** Make the dial; `show(seconds, {plan, fine, said})` sets it, `breathe(breath or null)` moves the disc. */
export function dial() {
  const ticks = svg("g"), disc = svg("circle", {class: "disc", cx: CENTRE, cy: CENTRE, r: 88});
  const pace = h("p", {class: "pace", "aria-hidden": "true"}), big = h("b"), unit = h("small"), below = h("p", {class: "below"});
  const picture = svg("svg", {viewBox: "0 0 240 240", "aria-hidden": "true"}, svg("circle", {class: "ring", cx: CENTRE, cy: CENTRE, r: OUTER - 5}), disc, ticks);
  const el = h("div", {class: "dial"}, picture, pace, h("div", {role: "timer"}, h("p", {class: "time"}, big, unit), below));
  let drawn = null;

  function draw(plan, filled) {
    const wanted = plan ? `${plan.lower_min} ${plan.upper_min} ${filled}` : "";
    if (wanted === drawn) return;
    drawn = wanted;
    el.classList.toggle("plain", !plan || plan.upper_min > MOST);
    ticks.replaceChildren(...!plan || plan.upper_min > MOST ? [] : Array.from({length: plan.upper_min}, (_, n) => {
      const last = n + 1 === plan.lower_min, angle = (n + 0.5) / plan.upper_min * 360;
      return svg("line", {
        class: n < filled ? "past" : n < plan.lower_min ? "must" : "may", x1: CENTRE, x2: CENTRE, y1: CENTRE - OUTER,
        y2: CENTRE - OUTER + (last ? LONG : SHORT), transform: `rotate(${angle} ${CENTRE} ${CENTRE})`,
      });
    }));
  }

  el.show = (seconds, {plan, fine, said}) => {
    const minutes = Math.floor(seconds / 60);
    put(big, fine ? clock(seconds) : seconds > 0 && minutes === 0 ? "<1" : number(minutes));
    put(unit, fine ? "" : t("app.min"));
    put(below, said);
    draw(plan, minutes);
  };
  el.breathe = breath => {
    el.classList.toggle("paced", Boolean(breath));
    put(pace, !breath ? "" : still.matches ? t(`today.breathe.${breath.side}_s`, {s: breath.left_s}) : t(`today.breathe.${breath.side}`));
    const size = !breath ? 0 : still.matches ? 1 : 0.42 + 0.58 * breath.fullness;
    disc.style.transform = `scale(${size.toFixed(4)})`;
  };
  return el;
}
