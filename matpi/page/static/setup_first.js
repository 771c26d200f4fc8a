// The first steps: the safety pages as on the device, then what it is good to set once. Each can be skipped.
import {ask, setting, withLines} from "./setup_fields.js";
import {button, h, t} from "./ui.js";

/** Which step is shown, null for none. It outlives a change of the language, which is one of the steps. */
let at = null;
let answered = "";

/** Return whether the steps have begun and are not finished. */
export const underWay = () => at !== null && at >= 0;

/** Return what the log has of the answer: "unanswered", "none", "some" or "cleared". */
const answerOf = safety => !safety?.answered ? "unanswered" : safety.cleared ? "cleared" : safety.some ? "some" : "none";

/** Put a page of the device's catalogue into elements: a heading, a list ("* ", continued by two spaces), and the rest. */
function page(key) {
  const [heading, ...lines] = t(key).split("\n"), points = [], rest = [];
  for (const line of lines) {
    if (line.startsWith("* ")) points.push(line.slice(2));
    else if (line.startsWith("  ") && points.length) points.push(`${points.pop()} ${line.trim()}`);
    else rest.push(line);
  }
  return h("div", {class: "safety-page"}, h("p", {class: "label"}, heading), h("ul", {}, points.map(point => h("li", {}, point))), rest.length ? h("p", {}, rest.join(" ")) : null);
}

/** Return the buttons that answer; `person`: the name it is about, null where no one is named. */
function answers(ctx, el, person, then) {
  const give = async (...all) => {
    for (const answer of all) if (!await ask(ctx, el, {do: "safety", answer, person})) return;
    [answered] = all.slice(-1);
    then();
  };
  return h("div", {class: "stack tight answers"},
    button(t("setup.safety_none"), () => give("none")),
    button(t("setup.safety_some"), () => give("some")),
    button(t("setup.safety_doctor"), () => give("some", "doctor_ok")));
}

/** The steps: each returns [heading, body]; `view` has form, people section, language field and redraw. */
const SAFETY = 1; // the step that asks; the next one has what to remember
const STEPS = [
  ({language}) => ["setup.first_language", language()],
  ({form, person, next}) => {
    const el = withLines(h("div", {class: "field"}));
    // Between its heading and its last two lines are the gestures of the device's button.
    const note = t("safety.question").split("\n").slice(-2).join(" ");
    el.prepend(h("div", {class: "pages"}, page("safety.ask_1"), page("safety.ask_2")), h("p", {class: "soft"}, note), h("p", {class: "label"}, t("setup.safety_question")), answers(form.ctx, el, person, next));
    return ["setup.safety_read", el];
  },
  () => ["setup.safety_remember", h("div", {class: "stack"}, answered === "some" ? h("p", {class: "notice warn"}, t("setup.safety_ask_first")) : null, page("safety.stop"))],
  ({form}) => {
    const el = setting(form, "zone"), here = Intl.DateTimeFormat().resolvedOptions().timeZone, {input} = el;
    if (!here || here === form.stored.zone) return ["setup.first_zone", el];
    const take = button(t("setup.zone_take", {zone: here}), () => {
      input.value = here;
      input.dispatchEvent(new Event("blur"));
    });
    return ["setup.first_zone", h("div", {class: "stack tight"}, h("p", {class: "row"}, t("setup.zone_here", {zone: here}), take), el)];
  },
  ({form}) => ["setup.first_bedtime", setting(form, "bedtime")],
  ({people}) => ["setup.first_people", h("div", {class: "stack tight"}, h("p", {class: "soft"}, t("setup.first_people_hint")), people())],
  ({form}) => ["setup.first_area", setting(form, "routine")],
];

/** Draw the section into `el`. `view`: form, safety (of the log), person (name or null), whose (a field that chooses
 * whom it is about, or null), people(), language(), changed(). */
export function first(el, view) {
  const is = answerOf(view.safety), open = is === "unanswered" && at === null ? 0 : at;
  const go = step => {
    at = step;
    first(el, view);
    (el.querySelector("h3") ?? el.querySelector("button"))?.focus();
    if (step === -1) view.changed();
  };
  if (open === null || open < 0) {
    const said = withLines(h("div", {class: "field"}, h("p", {}, t(is === "unanswered" ? "setup.safety_unanswered" : `setup.safety_is_${is}`))));
    const agreed = async () => {
      if (await ask(view.form.ctx, said, {do: "safety", answer: "doctor_ok", person: view.person})) await view.changed();
    };
    el.replaceChildren(...(view.whose ? [view.whose] : []), said, h("div", {class: "row"},
      is === "some" ? button(t("setup.safety_agreed"), agreed, "primary") : null,
      button(t(is === "unanswered" ? "setup.first_begin" : "setup.first_again"), () => go(0))));
    return;
  }
  if (open >= STEPS.length) {
    el.replaceChildren(h("h3", {tabindex: "-1"}, t("setup.first")), h("p", {}, t((answered || is) === "some" ? "setup.safety_ask_first" : "setup.first_done")), h("div", {class: "row"}, button(t("setup.first_close"), () => go(-1), "primary")));
    return;
  }
  const [heading, body] = STEPS[open]({...view, next: () => go(open + 1)});
  el.replaceChildren(...[
    h("div", {class: "row apart"}, h("h3", {tabindex: "-1"}, t(heading)), h("p", {class: "small soft"}, t("setup.first_step", {n: open + 1, of: STEPS.length}))),
    h("progress", {max: STEPS.length, value: open + 1, "aria-hidden": "true"}), open === 0 ? h("p", {class: "soft"}, t("setup.first_hint")) : null, open === SAFETY ? view.whose : null, body,
    h("div", {class: "row"},
      open > 0 ? button(t("setup.first_back"), () => go(open - 1), "quiet") : button(t("setup.first_later"), () => go(-1), "quiet"),
      open === SAFETY ? button(t("setup.first_skip"), () => go(SAFETY + 2)) : button(t("setup.first_next"), () => go(open + 1), "primary")),
  ].filter(Boolean));
}
