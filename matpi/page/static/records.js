// The records of a day: each session, answer and stop sign opens, and is edited, deleted and brought back here.
import {button, choice, clock, dialog, field, h, hm, put, t, toast, when} from "./ui.js";
import {MOMENTS, sample} from "./chart.js";
import {LONG, nameless, SHORT, whole} from "./days.js";

const ROUTINES = ["plan", "downshift", "breath", "upper_back", "neck", "feet", "lower_back", "seat", "calves", "recovery", "before_bed"];
const STAMP = {...SHORT, year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23"};

// ---- in words --------------------------------------------------------------------------------------------------------
/** The minutes of a day for a small box; `none` without a session that counts. */
export const minutesOf = (day, none) => (day.counted ? String(whole(day.seconds)) : none);

/** The legend of the chart, item by item; `plain`: minutes without a plan. */
export const legendOf = plain => [...(plain ? ["plain"] : ["band", "done", "less"]), ...MOMENTS, "looser", "rest", "stop"].map(kind => h("li", {}, sample(kind), t(`history.legend_${kind}`)));

/** A day in words, as its button and the chart say it. */
export const describe = day => `${when(day.day, LONG)}: ${summed(day)}`;

function summed(day) {
  const [yes, asked] = day.looser, others = day.sessions.length - day.counted;
  const parts = [day.counted ? t("history.say_minutes", {time: clock(day.seconds)}) : t("history.say_none"),
    day.band && t("history.say_band", {low: day.band[0], high: day.band[1]}), day.done && t("history.done"), day.rest && t("history.rest_day"),
    day.number && t("history.say_tight", {value: day.number.value, moment: t(`history.moment_${day.number.moment}`)}),
    asked && (asked === 1 ? t(yes ? "history.looser" : "history.not_looser") : t("history.looser_of", {yes, n: asked})),
    day.stops.length && t("history.stops", {n: day.stops.length}), others && t("history.not_counted", {n: others})];
  return parts.filter(Boolean).join("; ");
}

const stamp = one => (one.time ?? one.start) ? (one.estimated ? "~" : "") + when(one.time ?? one.start, STAMP) : t("history.no_date");
const nameOf = (hub, id) => hub.log.people.find(one => one.id === id)?.name ?? nameless(id);

/** Why a session counts or does not; "" when nothing speaks against it. */
function counting(session) {
  if (session.reason === "discarded") return t("history.count_discarded");
  if (session.yours !== null) return t(session.yours ? "history.count_yours" : "history.count_not_yours");
  return session.doubt ? t(`history.doubt_${session.doubt}`) : "";
}

/** One line for a session. `dated`: with its date, where the heading has none. */
export function sessionLine(hub, session, {dated = false} = {}) {
  const time = dated ? stamp(session) : (session.estimated ? "~" : "") + (session.start ? hm(session.start) : "");
  const chip = session.deleted_why ? null : !session.reason ? t("history.under_way") : session.counts ? null : t("history.does_not_count");
  return h("span", {class: "record"}, h("span", {class: "at"}, time), h("b", {}, t("history.minutes", {time: clock(session.on_mat_s)})),
    session.routine !== "plan" && h("span", {class: "soft"}, t(`app.routine.${session.routine}`)), chip && h("span", {class: "chip warn"}, chip));
}

function facts(hub, one) {
  const rows = [["start", stamp(one)], ["on_mat", t("history.minutes", {time: clock(one.on_mat_s)}) + (one.aways ? ` (${t("history.aways", {n: one.aways})})` : "")],
    ["routine", t(`app.routine.${one.routine}`)], hub.log.people.length && ["person", nameOf(hub, one.person)],
    ["began", one.load_kg ? t("history.began_kg", {kg: Math.round(one.load_kg)}) : t("history.began")], ["ended", t(`history.end_${one.reason ?? "open"}`)],
    ["counts", [t(one.counts ? "history.yes" : "history.no"), counting(one)].filter(Boolean).join(": ")],
    one.id in hub.log.looser && ["looser", t(hub.log.looser[one.id] ? "history.yes" : "history.no")],
    one.edited && ["edited", t("history.by_hand")], one.estimated && ["estimated", t("history.estimated")]];
  return h("dl", {class: "record-facts"}, rows.filter(Boolean).map(([name, value]) => h("div", {}, h("dt", {}, t(`history.fact_${name}`)), h("dd", {}, value))));
}

// ---- requests --------------------------------------------------------------------------------------------------------
/** Ask the device, and read the log again; return whether it did. `refused` takes its sentence, else it is a toast. */
async function change(hub, request, said = "", refused = sentence => toast(sentence, "warn"), undo = null) {
  try {
    const answer = await hub.ctx.api("/api/do", request);
    toast(said || answer.said.join(" ") || t("history.saved"), "", undo);
  } catch (error) {
    refused(error.message);
    return false;
  }
  await hub.reload().catch(error => toast(error.message, "warn"));
  return true;
}

export const restore = (hub, session) => change(hub, {do: "restore_session", id: session.id}, t("history.restored"));
const remove = (hub, session) => change(hub, {do: "delete_session", id: session.id}, t("history.deleted"), undefined, [t("history.undo"), () => restore(hub, session)]);

/** The buttons of "Was that you?"; the answer that was given has none. */
export const answers = (hub, session) => [true, false].filter(yours => session.yours !== yours).map(yours => button(t(yours ? "history.yes" : "history.no"), async () => {
  const others = () => hub.log.settings.find(one => one.key === "others")?.value, before = others();
  if (await change(hub, {do: "answer_session", id: session.id, yours}, t("history.saved")) && others() !== before) toast(t("history.now_pets"));
}));

/** A button that asks once more, in its own place, before it deletes what cannot be brought back. */
function twice(label, sure, work, attrs = {}) {
  const el = button(label, () => {
    if (el.classList.contains("danger")) return work();
    el.classList.add("danger");
    put(el, sure);
    return undefined;
  }, "", attrs);
  el.addEventListener("blur", () => {
    el.classList.remove("danger");
    put(el, label);
  });
  return el;
}

/** A form of `fields` ({key: element}); `current` has what is there. Only what differs is sent, as `request(set)`. */
function form(hub, fields, current, request, close) {
  const error = h("p", {class: "error", "aria-live": "polite"}), value = key => (fields[key].input ?? fields[key]).value;
  const save = async () => {
    const set = Object.fromEntries(Object.keys(fields).map(key => [key, value(key)]).filter(([key, text]) => text !== current[key]));
    for (const one of Object.values(fields)) one.fail?.("");
    put(error, "");
    if (!Object.keys(set).length) return close();
    const refused = sentence => {
      // The sentence names the field as the request does: start=...
      const key = Object.keys(set).find(one => sentence.includes(`${one}=`)) ?? (Object.keys(set).length === 1 ? Object.keys(set)[0] : null);
      if (key && fields[key].fail) fields[key].fail(sentence);
      else put(error, sentence);
      (key && fields[key].input)?.focus();
    };
    return (await change(hub, request(set), t("history.saved"), refused)) && close();
  };
  const saving = button(t("history.save"), save, "primary");
  return h("form", {class: "stack tight", novalidate: true, onsubmit: event => { event.preventDefault(); saving.click(); }}, Object.values(fields), error,
    h("div", {class: "row"}, saving, button(t("app.cancel"), close, "quiet")));
}

const input = (attrs, value) => h("input", {...attrs, value});
const select = (options, value) => {
  const el = h("select", {}, options.map(([key, label]) => h("option", {value: key}, label)));
  el.value = value;
  return el;
};
const localTime = iso => (iso ? iso.slice(0, 16) : "");
/** The time of a form as the device reads it: 2026-03-15 21:00. */
const asWritten = set => Object.fromEntries(Object.entries(set).map(([key, text]) => [key, key === "start" || key === "time" ? text.replace("T", " ") : text]));
const people = (hub, id) => {
  const all = hub.log.people.filter(one => !one.removed || one.id === id);
  return all.length ? {person: field(t("history.fact_person"), select([...(all.some(one => one.id === id) ? [] : [["", t("history.nobody")]]), ...all.map(one => [one.name, one.name])], all.find(one => one.id === id)?.name ?? ""))} : {};
};
const personNow = (hub, id) => hub.log.people.find(one => one.id === id)?.name ?? "";

// ---- one session -----------------------------------------------------------------------------------------------------
const opened = new Set(); // ids of the sessions that are open: they stay so when the log was read again

/** A session that opens. */
export function sessionEntry(hub, session, {dated = false} = {}) {
  const body = h("div", {class: "stack tight"});
  const plain = () => body.replaceChildren(facts(hub, session), session.reason ? actions() : "");
  const actions = () => {
    const yours = h("div", {class: "row"}, h("span", {}, t("history.was_that_you")), answers(hub, session));
    const edits = h("div", {class: "row"}, button(t("history.edit"), () => { body.replaceChildren(editing()); body.querySelector("input").focus(); }), button(t("history.delete"), () => remove(hub, session)));
    return h("div", {class: "stack tight"}, session.reason === "discarded" ? "" : yours, edits);
  };
  const editing = () => {
    const looser = hub.log.looser[session.id], current = {minutes: clock(session.on_mat_s), start: localTime(session.start), routine: session.routine, person: personNow(hub, session.person), looser: looser === undefined ? "none" : looser ? "yes" : "no"};
    const fields = {
      minutes: field(t("history.edit_minutes"), input({inputmode: "text", autocomplete: "off"}, current.minutes), t("history.edit_minutes_help")),
      start: field(t("history.fact_start"), input({type: "datetime-local"}, current.start), t("history.edit_start_help")),
      routine: field(t("history.fact_routine"), select(ROUTINES.map(one => [one, t(`app.routine.${one}`)]), current.routine)),
      ...people(hub, session.person),
      looser: choice(t("history.fact_looser"), [["yes", t("history.yes")], ["no", t("history.no")], ["none", t("history.no_answer")]], current.looser),
    };
    return form(hub, fields, current, set => ({do: "edit_session", id: session.id, set: asWritten(set)}), plain);
  };
  const el = h("details", {class: "entry", open: opened.has(session.id)}, h("summary", {"data-key": `session ${session.id}`}, sessionLine(hub, session, {dated})), body);
  if (el.open) plain();
  el.addEventListener("toggle", () => {
    opened[el.open ? "add" : "delete"](session.id);
    if (el.open && !body.firstChild) plain();
  });
  return el;
}

// ---- one answer, one stop sign ---------------------------------------------------------------------------------------
function saidEntry(hub, one, text) {
  const box = h("div", {class: "entry"}), rating = "value" in one;
  const editing = () => {
    const current = {...(rating ? {value: String(one.value)} : {}), time: localTime(one.time), person: personNow(hub, one.person)};
    const fields = {
      ...(rating ? {value: field(t("history.edit_value"), input({type: "number", min: 1, max: 10, step: 1, inputmode: "numeric"}, current.value), t("history.edit_value_help"))} : {}),
      time: field(t("history.edit_time"), input({type: "datetime-local"}, current.time)), ...people(hub, one.person),
    };
    return form(hub, fields, current, set => ({do: "edit_rating", id: one.id, set: asWritten(set)}), plain);
  };
  const plain = () => box.replaceChildren(h("div", {class: "row apart"}, h("span", {class: "record"}, h("span", {class: "at"}, (one.estimated ? "~" : "") + (one.time ? hm(one.time) : "")), text), h("span", {class: "row"},
    button(t("history.edit"), () => { box.replaceChildren(editing()); box.querySelector("input").focus(); }, "quiet", {"aria-label": t("history.edit_of", {what: text})}),
    twice(t("history.delete"), t("history.delete_sure"), () => change(hub, {do: "delete_rating", id: one.id}, t("history.deleted_for_good")), {class: "quiet"}))));
  plain();
  return box;
}

/** An answer; `first`: it is the number of the day, of several. */
export const ratingEntry = (hub, one, first = false) => saidEntry(hub, one, t(first ? "history.answer_first" : "history.answer", {value: one.value, moment: t(`history.moment_${one.moment}`)}));
export const stopEntry = (hub, one) => saidEntry(hub, one, t("history.stop_sign"));

// ---- one day ---------------------------------------------------------------------------------------------------------
/** Open everything of a day in a dialog; what is changed there is read again. */
export function openDay(hub, day) {
  const host = h("div", {class: "stack day", tabindex: -1});
  const fill = () => {
    const of = hub.data.of(day), name = hub.people.length > 1 && nameOf(hub, hub.person);
    const list = (title, entries, none) => h("section", {class: "stack tight"}, h("h3", {}, title), entries.length ? h("div", {class: "entries"}, entries) : h("p", {class: "soft"}, none));
    const owner = hub.log.people.find(one => one.id === hub.person && !one.removed);
    const felt = twice(t("history.felt_wrong"), t("history.felt_wrong_sure"), () => change(hub, {do: "felt_wrong", on: day, person: owner?.name ?? null}, t("history.stop_added")));
    host.replaceChildren(...[h("p", {}, name ? `${name}: ${summed(of)}` : summed(of)),
      list(t("history.sessions"), of.sessions.map(one => sessionEntry(hub, one)), t("history.no_session")),
      list(t("history.tightness"), of.ratings.map(one => ratingEntry(hub, one, one === of.number && of.ratings.length > 1)), t("history.no_rating")),
      list(t("history.stop_signs"), of.stops.map(one => stopEntry(hub, one)), t("history.no_stop")),
      day <= hub.log.today && (owner || !hub.log.people.length) && h("div", {class: "stack tight"}, h("p", {class: "soft small"}, t("history.felt_wrong_help")), h("div", {class: "row"}, felt))].filter(Boolean));
  };
  fill();
  const {reload} = hub;
  hub.reload = async () => {
    await reload();
    fill();
    if (!host.contains(document.activeElement)) host.focus(); // what had it is gone
  };
  return dialog(when(day, LONG), host, [{label: t("history.close")}]).then(() => { hub.reload = reload; });
}
