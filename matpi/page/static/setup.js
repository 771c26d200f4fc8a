// Set-up: one section a subject; what is changed is saved at once.
import {browsers, data, doctor, mat, receivers} from "./setup_device.js";
import {LIMITS, ask, done, follow, form as formOf, setting, storedOf, tell, withLines} from "./setup_fields.js";
import {first, underWay} from "./setup_first.js";
import {button, field, h, sure, t} from "./ui.js";

const WIDE = "(min-width: 768px)";
let flush = null;
let lists = 0;
const opened = {}; // section -> whether it was opened or closed by hand

/** Send what was typed last. */
export function leave() {
  for (const now of flush ?? []) now();
  flush = null;
}

export async function render(root, ctx) {
  const get = path => ctx.api(path).catch(() => null);
  let log, devices, sinks; // undefined: still asked for, by a program that takes seconds on a Pi
  try {
    [log, devices] = await Promise.all([ctx.log(), get("/api/devices")]);
  } catch (error) {
    if (error.status === undefined) throw error;
    const again = () => { root.replaceChildren(); return render(root, ctx); };
    root.append(h("h1", {}, t("setup.title")), h("div", {class: "card stack"}, h("p", {class: "notice warn"}, error.message), h("div", {class: "row"}, button(t("setup.again"), again))));
    return;
  }
  const form = formOf(ctx, log); // not shared: what is under way when the view is left still has it
  ({flush} = form);
  const here = () => log.people.filter(person => !person.removed);
  const owner = () => here().find(person => person.chosen) ?? here()[0] ?? null;
  let asked = null; // the name of the person whose safety answer is shown, where it was chosen
  const bodies = {}, fresh = async () => {
    try {
      log = await ctx.log();
    } catch (error) {
      if (error.status === undefined) throw error; // else what is shown is as it was
    }
  };
  const redraw = (name, children) => bodies[name].replaceChildren(...children);

  const drawn = {
    first: () => {
      const el = h("div", {class: "stack"}), whom = here().find(person => person.name === asked) ?? owner();
      const chooses = whose(here(), t("setup.for_whom_safety"), whom?.name, name => { asked = name; redraw("first", drawn.first()); bodies.first.querySelector("select").focus(); });
      first(el, {
        form, person: whom?.name ?? null, whose: chooses, safety: log.safety[whom?.id ?? ""], language: () => language(form, "first"), people: () => people(ctx, here, changedPeople),
        changed: async () => { await fresh(); redraw("first", drawn.first()); redraw("people", drawn.people()); },
      });
      return [el];
    },
    plan: () => [...["weekly_goal", "rest_weekdays", "routine", "stay_on_tier", "no_restart"].map(key => setting(form, key)), resting(ctx), setting(form, "own_plan")],
    evening: () => [...["nudge", "bedtime", "nudge_before_bed_min"].map(key => setting(form, key)), h("div", {class: "pair"}, setting(form, "quiet_from"), setting(form, "quiet_to")), ...["day_start", "zone"].map(key => setting(form, key))],
    people: () => [people(ctx, here, changedPeople), setting(form, "others")],
    mat: () => mat(ctx),
    receivers: () => sinks === undefined ? [h("p", {class: "soft"}, t("setup.reading"))] : receivers(ctx, sinks),
    data: () => data(ctx, () => whose(here(), t("setup.for_whom"), "", () => {}, t("setup.no_one")), refresh),
    doctor: () => doctor(ctx),
    browsers: () => browsers(ctx, devices, async () => { devices = await get("/api/devices"); redraw("browsers", drawn.browsers()); }),
    about: () => about(form),
  };
  const changedPeople = async (el, said) => {
    const label = document.activeElement?.getAttribute("aria-label"), inside = el.contains(document.activeElement);
    await fresh();
    const next = people(ctx, here, changedPeople);
    el.replaceWith(next);
    for (const name of ["first", "people", "data"]) if (!bodies[name].contains(next)) redraw(name, drawn[name]());
    tell(next, said, true);
    if (inside) (label && next.querySelector(`[aria-label="${CSS.escape(label)}"]`) || next.querySelector(".adding input"))?.focus();
  };
  /** Show what an import, or the end of everything, has left. */
  const refresh = async () => {
    await fresh();
    form.stored = storedOf(log);
    for (const show of Object.values(form.shown).flat()) show(true);
    for (const name of ["first", "people"]) redraw(name, drawn[name]());
  };

  const wide = matchMedia(WIDE).matches;
  const section = name => {
    bodies[name] = h("div", {class: "stack"}, drawn[name]());
    const asks = name === "first" && (underWay() || !log.safety[owner()?.id ?? ""]?.answered), open = opened[name] ?? (wide || name === ctx.rest || asks);
    const summary = h("summary", {onclick: () => { opened[name] = !summary.parentElement.open; }}, h("h2", {}, t(`setup.${name}`)));
    return h("details", {class: "card part", id: `setup-${name}`, open}, summary, bodies[name]);
  };
  root.append(h("h1", {}, t("setup.title")), h("div", {class: "parts"},
    h("div", {class: "stack"}, ["first", "plan", "evening", "people"].map(section)),
    h("div", {class: "stack"}, ["mat", "receivers", "data", "doctor", "browsers", "about"].map(section))));
  get("/api/sinks").then(known => { sinks = known; redraw("receivers", drawn.receivers()); });
  // What is done at the device itself is shown here too, but not under a finger.
  const seen = state => state && JSON.stringify([state.safety, state.people]);
  let last = seen(ctx.state);
  ctx.onState(async state => {
    const now = seen(state);
    if (!now || now === last) return;
    const begun = last;
    last = now;
    if (!begun) return;
    await fresh();
    for (const name of ["first", "people"]) if (!bodies[name].contains(document.activeElement) && !(name === "first" && underWay())) redraw(name, drawn[name]());
  });
  if (ctx.rest) document.getElementById(`setup-${ctx.rest}`)?.scrollIntoView();
}

// ---- plan ----------------------------------------------------------------------------------------------------------
/** Today as a rest day: it is no setting, the device's state has it. */
function resting(ctx) {
  const input = h("input", {type: "checkbox", role: "switch"}), el = field(t("setup.rest_today"), input, t("setup.rest_today_help"));
  el.classList.add("switch");
  const hear = state => {
    input.disabled = !state;
    if (state) input.checked = state.rest;
  };
  input.addEventListener("change", async () => {
    const rest = input.checked, person = ctx.state?.people.find(one => one.id === ctx.state.owner)?.name ?? null;
    if (await ask(ctx, el, {do: "rest", rest, person})) done(el);
    else input.checked = !rest;
  });
  hear(ctx.state);
  ctx.onState(hear);
  return el;
}

// ---- people --------------------------------------------------------------------------------------------------------
/** Return the people as one element that replaces itself when they change. */
function people(ctx, here, changed) {
  const all = here(), el = withLines(h("div", {class: "field people"})), radio = `chosen-${++lists}`;
  const change = async (row, words, back) => {
    tell(el, "");
    const answer = await ask(ctx, row, {do: "people", words}, back);
    if (answer) await changed(el, answer.said.join(" "));
    return answer;
  };
  const bound = name => name && [...name].length <= LIMITS.name_letters ? "" : t("setup.name_bound", {max: LIMITS.name_letters});
  const one = person => {
    const {name} = person, input = h("input", {type: "text", value: name, autocomplete: "off", "aria-label": t("setup.person_name", {name})});
    const choose = h("input", {type: "radio", name: radio, checked: person.chosen, "aria-label": t("setup.person_choose", {name}), onchange: async () => { if (!await change(row, ["choose", name])) for (const [n, one] of el.querySelectorAll("[type=radio]").entries()) one.checked = all[n].chosen; }});
    const goal = h("select", {"aria-label": t("setup.person_goal", {name}), onchange: async () => { if (!await change(row, ["goal", name, goal.value])) goal.value = person.weekly_goal ?? "none"; }},
      h("option", {value: "none"}, t("setup.person_goal_all")), [3, 4, 5, 6, 7].map(n => h("option", {value: n}, t("setup.person_goal_days", {n}))));
    goal.value = person.weekly_goal ?? "none";
    const row = withLines(h("div", {class: all.length > 1 ? "field person" : "field person alone"}, all.length > 1 ? choose : null, input, goal, button(t("setup.person_remove"), async () => {
      if (await sure(t("setup.people"), t("setup.person_remove_sure", {name}), t("setup.person_remove"))) await change(row, ["remove", name]);
    }, "quiet", {"aria-label": t("setup.person_remove_whom", {name})})));
    follow(row, input, {wrong: bound, is: () => name, send: text => change(row, ["rename", name, text], () => { input.value = name; })});
    return row;
  };
  const adding = field(t("setup.person_new"), h("input", {type: "text", autocomplete: "off"}));
  const add = async () => {
    const name = adding.input.value.trim(), wrong = bound(name);
    if (wrong) tell(adding, wrong);
    else await change(adding, ["add", name]);
  };
  adding.input.addEventListener("input", () => tell(adding, adding.input.value ? bound(adding.input.value.trim()) : ""));
  adding.input.addEventListener("keydown", event => event.key === "Enter" && add());
  adding.input.after(button(t("setup.person_add"), add));
  adding.classList.add("adding");
  const full = all.length >= LIMITS.people;
  el.prepend(
    h("p", {class: "help"}, t(all.length > 1 ? "setup.people_help" : all.length ? "setup.people_one" : "setup.people_none")),
    ...all.map(one), full ? h("p", {class: "help"}, t("setup.people_bound", {max: LIMITS.people})) : adding);
  return el;
}

/** Return a field that chooses one of the people, or `none`; null where there is nothing to choose. */
function whose(all, label, chosen, onchange, none = "") {
  if (all.length < 2) return null;
  const input = h("select", {class: "short", onchange: () => onchange(input.value)}, none && h("option", {value: ""}, none), all.map(({name}) => h("option", {value: name}, name)));
  input.value = chosen;
  return field(label, input);
}

// ---- about ---------------------------------------------------------------------------------------------------------
/** Return the language of the device and of the page. `place`: a name that keeps the focus when both are drawn again. */
function language(form, place) {
  const {ctx} = form;
  const input = h("select", {"data-keep": `${place}-page`, onchange: () => ctx.choose(input.value)}, ["auto", "en", "de"].map(value => h("option", {value: value === "auto" ? "" : value}, t(`setup.page_language_${value}`))));
  input.value = ctx.language;
  const device = setting(form, "language");
  device.input.dataset.keep = `${place}-device`;
  return h("div", {class: "stack tight"}, device, field(t("setup.page_language"), input, t("setup.page_language_help")));
}

function about(form) {
  const {ctx} = form;
  return [
    h("dl", {class: "facts"}, h("dt", {}, t("setup.version")), h("dd", {}, ctx.hello.version), h("dt", {}, t("setup.address")), h("dd", {}, location.origin)),
    h("div", {class: "field"}, h("p", {}, t("setup.update")), h("p", {}, h("code", {}, "sudo git switch main && sudo git pull && sudo make upgrade")), h("p", {class: "help"}, t("setup.update_help"))),
    language(form, "about"),
    h("div", {class: "field"}, h("p", {}, h("a", {href: "#sheet"}, t("setup.sheet"))), h("p", {class: "help"}, t("setup.sheet_help"))),
    h("p", {class: "help"}, t("setup.plain")),
  ];
}
