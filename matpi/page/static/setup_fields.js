// The settings as fields: each is saved when it changes, says its bound as it is typed, and goes back to what is stored.
import {choice, field, h, put, t} from "./ui.js";

/** Every setting of the device (store/settings.py READERS) with its bounds (core/model.py Settings). */
export const FIELDS = {
  weekly_goal: {kind: "number", min: 3, max: 7},
  rest_weekdays: {kind: "days", min: 0, max: 4},
  routine: {kind: "select", of: ["plan", "downshift", "breath", "upper_back", "neck", "feet", "lower_back", "seat", "calves", "recovery", "before_bed"]},
  stay_on_tier: {kind: "yes_no"},
  no_restart: {kind: "yes_no"},
  own_plan: {kind: "plan"},
  nudge: {kind: "yes_no"},
  bedtime: {kind: "clock"},
  nudge_before_bed_min: {kind: "number", min: 0, max: 360},
  quiet_from: {kind: "clock"},
  quiet_to: {kind: "clock"},
  day_start: {kind: "clock"},
  zone: {kind: "zone"},
  others: {kind: "choice", of: ["no", "pets"]},
  language: {kind: "select", of: ["auto", "en", "de"]},
};

/** Bounds of what is no setting: core/people.py, commands/calibrate.py, store/settings.py, and the page's own route. */
export const LIMITS = {name_letters: 12, people: 4, weight_min_kg: 20, weight_max_kg: 130, plan_kib: 64, import_mib: 32};

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const TYPED_MS = 700; // chosen: two digits of a number are typed within it
const SAID_MS = 4000;
const MONDAY = Date.UTC(2024, 0, 1);

/** Return key -> text of all settings. */
export const storedOf = log => Object.fromEntries(log.settings.map(({key, value}) => [key, value]));

/** What all fields of the view share; `stored` is what the device has, as text. */
export function form(ctx, log) {
  return {
    ctx,
    stored: storedOf(log),
    shown: {}, // key -> what shows the stored text, also over what is typed: the same setting may be on the page twice
    flush: new Set(), // what was typed and is not sent yet
    sending: Promise.resolve(), // one after another: the last one wins on the device as well
  };
}

/** Say a sentence beside a field; `fine`: it is no refusal. */
export function tell(el, sentence, fine = false) {
  const line = el.querySelector(":scope > .error");
  line.classList.toggle("fine", fine);
  put(line, sentence);
  for (const input of el.querySelectorAll(":scope > :is(input, select, textarea)")) {
    if (sentence && !fine) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }
}

/** Return whether the device could not be asked at all. */
export const offline = error => error.status === 0 || error.status === 503;

/** Ask the device for something that belongs to a field; return its answer, or null with the reason shown there.
 * `back`: what puts the field back to what is stored, done when the device does not answer. */
export async function ask(ctx, el, request, back = () => {}) {
  try {
    const answer = await ctx.api("/api/do", request);
    tell(el, "", true);
    return answer;
  } catch (error) {
    if (error.status === undefined) throw error;
    if (offline(error)) back();
    tell(el, offline(error) ? t("setup.offline") : error.message);
    return null;
  }
}

/** Say for a moment that it is saved. */
export function done(el) {
  const sentence = t("setup.saved"), line = el.querySelector(":scope > .error");
  tell(el, sentence, true);
  setTimeout(() => line.textContent === sentence && tell(el, "", true), SAID_MS);
}

/** Save one setting; return whether the device took it. */
export function save(form, key, text, el) {
  const shows = back => { for (const show of form.shown[key] ?? []) show(back); };
  const saved = form.sending.then(async () => {
    if (!await ask(form.ctx, el, {do: "settings", set: {[key]: text}}, () => shows(true))) return false;
    if (key !== "own_plan") form.stored[key] = text;
    shows(false);
    done(el);
    return true;
  });
  form.sending = saved.catch(() => {});
  return saved;
}

/** Make the field of one setting. */
export function setting(form, key) {
  const rule = FIELDS[key], label = t(`setup.${key}`), help = t(`setup.${key}_help`);
  const [el, show] = KINDS[rule.kind](form, key, rule, label, help);
  (form.shown[key] ??= []).push(show);
  show();
  return el;
}

// ---- typed ---------------------------------------------------------------------------------------------------------
/** Follow what is typed: `wrong(text)` is the sentence of its bound, `unready(text)` whether it may still become right. */
export function follow(el, input, {wrong, unready = () => false, is, send}) {
  let timer = 0, sent = null;
  const now = async () => {
    clearTimeout(timer);
    const text = input.value.trim();
    if (text === sent) return; // it is on its way
    if (text === is()) {
      if (!el.querySelector(":scope > .error.fine")) tell(el, "");
      return;
    }
    const sentence = wrong(text);
    if (sentence) return tell(el, sentence);
    sent = text;
    await send(text);
    sent = null;
  };
  input.addEventListener("input", () => {
    const text = input.value.trim(), sentence = wrong(text);
    clearTimeout(timer);
    tell(el, sentence && !unready(text) ? sentence : "");
    if (!sentence) timer = setTimeout(now, TYPED_MS);
  });
  input.addEventListener("blur", now);
  input.addEventListener("keydown", event => event.key === "Enter" && now());
  return () => input.isConnected && document.activeElement === input && !wrong(input.value.trim()) && now();
}

function typed(form, key, attrs, label, help, rules) {
  const input = h("input", {autocomplete: "off", ...attrs}), el = field(label, input, help);
  const still = sentence => sentence && `${sentence} ${t("setup.still", {value: form.stored[key]})}`;
  form.flush.add(follow(el, input, {
    ...rules, wrong: text => still(rules.wrong(text)), is: () => form.stored[key], send: text => save(form, key, text, el),
  }));
  // What is typed just now is left alone, unless it has to go back.
  return [el, back => { if (back || document.activeElement !== input) input.value = form.stored[key]; }];
}

const KINDS = {
  number: (form, key, {min, max}, label, help) => typed(form, key, {type: "number", inputmode: "numeric", min, max, step: 1, class: "short"}, label, help, {
    wrong: text => /^\d+$/.test(text) && text >= min && text <= max ? "" : t(`setup.${key}_bound`, {min, max}),
  }),
  clock: (form, key, _, label, help) => typed(form, key, {type: "time", class: "short"}, label, help, {
    wrong: text => /^([01]\d|2[0-3]):[0-5]\d$/.test(text) ? "" : t("setup.clock_bound"),
  }),
  zone(form, key, _, label, help) {
    const zones = Intl.supportedValuesOf?.("timeZone") ?? [], known = text => zones.some(zone => zone.toLowerCase().startsWith(text.toLowerCase()));
    const made = typed(form, key, {type: "text", list: "zones", spellcheck: "false", autocapitalize: "off"}, label, help, {
      wrong: text => isZone(text) ? "" : t("setup.zone_bound"), unready: known,
    });
    if (!document.getElementById("zones")) document.body.append(h("datalist", {id: "zones"}, zones.map(value => h("option", {value}))));
    return made;
  },

  // ---- chosen ------------------------------------------------------------------------------------------------------
  yes_no(form, key, _, label, help) {
    const input = h("input", {type: "checkbox", role: "switch"}), el = field(label, input, help), show = () => { input.checked = form.stored[key] === "yes"; };
    el.classList.add("switch");
    input.addEventListener("change", async () => await save(form, key, input.checked ? "yes" : "no", el) || show());
    return [el, show];
  },
  select(form, key, {of}, label, help) {
    const input = h("select", {}, of.map(value => h("option", {value}, t(key === "routine" ? `app.routine.${value}` : `setup.${key}_${value}`)))), el = field(label, input, help), show = () => { input.value = form.stored[key]; };
    input.addEventListener("change", async () => await save(form, key, input.value, el) || show());
    return [el, show];
  },
  choice(form, key, {of}, label, help) {
    const show = () => { for (const input of el.querySelectorAll("input")) input.checked = input.value === form.stored[key]; };
    const el = choice(label, of.map(value => [value, t(`setup.${key}_${value}`)]), form.stored[key], async value => await save(form, key, value, el) || show());
    return [withLines(el, help), show];
  },
  days(form, key, {max}, label, help) {
    const name = day => new Intl.DateTimeFormat(form.ctx.lang, {weekday: "long", timeZone: "UTC"}).format(MONDAY + day * 864e5);
    const boxes = DAYS.map((value, day) => h("input", {type: "checkbox", value, "aria-label": name(day)}));
    const show = () => { for (const box of boxes) box.checked = form.stored[key].split(",").includes(box.value); };
    const el = h("fieldset", {class: "field"}, h("legend", {}, label), h("div", {class: "choice days"}, boxes.map((box, day) =>
      h("label", {}, box, h("span", {"aria-hidden": "true"}, name(day).slice(0, 2))))));
    el.addEventListener("change", async event => {
      const chosen = boxes.filter(box => box.checked).map(box => box.value);
      if (chosen.length > max) {
        event.target.checked = false;
        tell(el, t(`setup.${key}_bound`, {max}));
      } else await save(form, key, chosen.join(",") || "none", el) || show();
    });
    return [withLines(el, help), show];
  },
  plan(form, key, _, label, help) {
    const text = h("textarea", {"aria-label": t("setup.own_plan_paste"), spellcheck: "false", rows: 5}), is = h("p", {});
    const file = h("input", {type: "file", accept: ".toml,text/plain"}), el = h("div", {class: "field"}, h("p", {class: "label"}, label), is);
    const show = () => put(is, form.stored[key] === "none" ? t("setup.own_plan_starter") : t("setup.own_plan_own", {name: form.stored[key]}));
    const back = h("button", {type: "button", class: "quiet"}, t("setup.own_plan_back"));
    const use = async plan => {
      if (!await save(form, key, plan, el)) return;
      // The device knows what the plan is called.
      form.stored[key] = (await form.ctx.log()).settings.find(row => row.key === key).value;
      file.value = text.value = "";
      show();
    };
    file.addEventListener("change", async () => {
      const [chosen] = file.files;
      if (!chosen) return;
      if (chosen.size > LIMITS.plan_kib * 1024) {
        tell(el, t("setup.own_plan_bound", {max: LIMITS.plan_kib}));
        file.value = "";
      } else {
        text.value = await chosen.text();
        tell(el, "");
      }
    });
    const take = h("button", {type: "button", onclick: () => text.value.trim() ? use(text.value) : tell(el, t("setup.own_plan_empty"))}, t("setup.own_plan_use"));
    back.addEventListener("click", () => use(""));
    el.append(filePicker(t("setup.own_plan_file"), file), h("p", {class: "help", "aria-hidden": "true"}, t("setup.own_plan_paste")), text, h("div", {class: "row"}, take, back));
    return [withLines(el, help.replace("{max}", LIMITS.plan_kib)), show];
  },
};

function isZone(text) {
  try {
    return Boolean(text) && Boolean(new Intl.DateTimeFormat("en", {timeZone: text})) && !/^[+-]/.test(text);
  } catch {
    return false;
  }
}

/** Add the lines of help and error that `field` has. */
export function withLines(el, help = "") {
  if (help) el.append(h("p", {class: "help"}, help));
  el.append(h("p", {class: "error", "aria-live": "polite"}));
  return el;
}

/** Put a file input into a label that looks like a button. */
export const filePicker = (label, input) => {
  input.classList.add("unseen");
  return h("label", {class: "button file"}, label, input);
};
