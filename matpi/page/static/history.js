// History: two weeks as a strip, minutes and tightness as one chart, months as a calendar, and every record opens.
import {button, choice, h, put, t, when} from "./ui.js";
import {chart, MOMENTS, sample} from "./chart.js";
import {chosen, daily, median, owners, plus, range, SHORT, weekday, whole} from "./days.js";
import {answers, describe, legendOf, minutesOf, openDay, ratingEntry, restore, sessionEntry, sessionLine, stopEntry} from "./records.js";

const STRIP_DAYS = 14;
const RANGES = [14, 30, 90];
const WEEKS_MAX = 160; // with more weeks than this, the chart of all has a bar a month
const LEVELS_MIN = [5, 10, 15, 20]; // of the calendar's shades
const AHEAD = "900px 0px"; // how far from the screen a month is filled

let shown = "14", person; // kept from one visit of the view to the next
let watch = null, visits = 0, turned = null;

export async function render(root, ctx) {
  const visit = ++visits;
  // What changes a log changes one of these: the state comes four times a second.
  const trace = state => state && JSON.stringify([state.today, state.owner, state.session?.id, state.asks, state.rated, state.rest, state.safety, state.people, state.plan?.stopped, !state.session && state.plan?.today_s]);
  const hub = {ctx, log: null, data: null, person: null, async reload() {
    const log = await ctx.log();
    if (visit === visits && log !== hub.log) {
      hub.log = log;
      show(root, hub);
    }
  }};
  try {
    await hub.reload();
  } catch (error) {
    root.replaceChildren(h("h1", {}, t("history.title")), h("p", {class: "notice warn"}, error.message));
  }
  // Another browser may have changed what the state says nothing of.
  turned = () => document.querySelector("main form, dialog form") || hub.reload().catch(() => {});
  addEventListener("focus", turned);
  let last = trace(ctx.state);
  ctx.onState(state => {
    const now = trace(state);
    if (!now || now === last || document.querySelector("main form, dialog form")) return; // a form that is being filled in stays
    last = now;
    hub.reload().catch(() => {}); // the banner of the shell says that the mat does not answer
  });
}

export function leave() {
  visits += 1;
  removeEventListener("focus", turned);
  document.querySelector("dialog[open]")?.close();
  watch?.disconnect();
}

function show(root, hub) {
  const {log, ctx} = hub, people = owners(log), top = scrollY, focused = document.activeElement?.dataset?.key;
  if (!people.some(one => one.id === person)) person = chosen(log, people, ctx.state?.owner);
  hub.person = person;
  hub.people = people;
  const data = (hub.data = daily(log, person)), name = people.find(one => one.id === person)?.name;
  const head = h("header", {class: "row apart"}, h("h1", {}, people.length ? t("history.title_of", {name}) : t("history.title")),
    h("a", {class: "button", href: `#sheet/${log.today}/${person ?? ""}`}, t("history.to_sheet")));
  const who = people.length > 1 && choice(t("history.whose"), people.map(one => [one.id ?? "", one.name]), person ?? "", value => {
    person = value || null;
    show(root, hub);
    root.querySelector("fieldset input:checked").focus();
  });
  watch?.disconnect();
  root.classList.add("stack");
  root.replaceChildren(...[head, who, log.estimated && h("p", {class: "notice"}, t("history.clock_unknown")),
    data.minutesOnly && h("p", {class: "notice warn"}, t("history.minutes_only")),
    doubted(hub), strip(hub), charted(hub), months(hub), undated(hub), deleted(hub)].filter(Boolean));
  scrollTo(0, top);
  if (focused) root.querySelector(`[data-key="${focused}"]`)?.focus({preventScroll: true});
}

const open = new Set(); // what is unfolded stays so when the log was read again
function unfolds(key, el) {
  el.open = open.has(key);
  el.addEventListener("toggle", () => open[el.open ? "add" : "delete"](key));
  return el;
}

const card = (title, ...body) => h("section", {class: "card stack"}, h("header", {}, h("h2", {}, title)), ...body);

// ---- "was that you?" -----------------------------------------------------------------------------------------------
function doubted(hub) {
  const asked = hub.log.sessions.filter(one => one.doubt && one.doubt !== "thing" && one.yours === null && one.reason && one.reason !== "discarded" && !one.deleted_why
    && (one.person === hub.person || one.person === null)).slice(-3).reverse();
  return asked.length > 0 && card(t("history.was_that_you"), h("div", {}, asked.map(one => h("div", {class: "asked"}, sessionEntry(hub, one, {dated: true}), h("div", {class: "row"}, answers(hub, one))))));
}

// ---- two weeks ---------------------------------------------------------------------------------------------------------
function strip(hub) {
  const {data, log} = hub, {plan} = data;
  const days = range(plus(log.today, 1 - STRIP_DAYS), log.today).map(data.of);
  const where = plan && !data.minutesOnly && h("div", {class: "stack tight"},
    h("p", {}, plan.after ? t("history.after_plan") : t("history.plan_day", {day: plan.day, days: plan.days}), " · ", h("span", {class: "nowrap"}, t("history.band", {low: plan.lower_min, high: plan.upper_min}))),
    h("div", {class: "strip plan-days", "aria-hidden": "true"}, Array.from({length: plan.days}, (_, i) => h("i", {class: i + 1 < plan.day ? "past" : i + 1 === plan.day ? "today" : null}))));
  return h("section", {class: "card stack"}, h("header", {}, h("h2", {}, t("history.two_weeks")),
    h("p", {class: "soft small"}, t("history.sum", {minutes: whole(days.reduce((sum, day) => sum + day.seconds, 0)), n: days.reduce((sum, day) => sum + day.counted, 0)}))),
  where, h("ol", {class: "fortnight"}, days.map(day => h("li", {}, h("button", {type: "button", "data-key": `strip ${day.day}`, class: day.done ? "done" : null,
    "aria-current": day.day === log.today ? "date" : null, onclick: () => openDay(hub, day.day)}, h("span", {class: "unseen"}, describe(day)),
  h("span", {class: "box", "aria-hidden": "true"}, h("span", {class: "soft"}, when(day.day, {weekday: "short"})), h("span", {class: "soft"}, String(Number(day.day.slice(8)))),
    h("b", {}, minutesOf(day, "–")), signs(day)))))), hub.log.sessions.length ? null : h("p", {class: "soft"}, t("history.empty")));
}

/** The small signs of a day; what they say is in the label of its button. */
const signs = (day, checked = true) => h("span", {class: "signs"}, day.stops.length ? sample("stop") : day.rest ? sample("rest") : day.done && checked ? sample("check") : "");

// ---- chart -----------------------------------------------------------------------------------------------------------
/** A day as a point of the chart; `tally` is what the table has of it besides. */
const pointOf = day => ({...day, minutes: day.seconds / 60, value: day.number?.value ?? null, moment: day.number?.moment, looser: day.looser[0] > 0, stop: day.stops.length > 0,
  title: when(day.day, {weekday: "short", ...SHORT, year: "numeric"}), axis: when(day.day, SHORT), says: describe(day), tally: {yes: day.looser[0], asked: day.looser[1], stops: day.stops.length}});

/** Several days as one point: minutes added up, and the middle of the numbers of that moment which has most of them. */
function together(days, title, axis) {
  const sum = of => days.reduce((all, day) => all + of(day), 0);
  const at = moment => days.filter(day => day.number?.moment === moment).map(day => day.number.value);
  const moment = MOMENTS.reduce((most, one) => (at(one).length > at(most).length ? one : most)), values = at(moment), value = values.length ? median(values) : null;
  const seconds = sum(day => day.seconds), counted = sum(day => day.counted);
  const yes = sum(day => day.looser[0]), asked = sum(day => day.looser[1]), stops = sum(day => day.stops.length);
  const says = [t("history.sum", {minutes: whole(seconds), n: counted}), value && t("history.middle", {value, n: values.length, moment: t(`history.moment_${moment}`)}),
    asked && t("history.looser_of", {yes, n: asked}), stops && t("history.stops", {n: stops})];
  return {several: true, day: days.at(-1).day, title, axis, seconds, counted, minutes: seconds / 60, band: null, done: null, value, moment, looser: 2 * yes > asked, rest: false, stop: stops > 0,
    says: `${title}: ${says.filter(Boolean).join("; ")}`, tally: {yes, asked, stops}};
}

function points({data, log}, wanted) {
  if (wanted !== "all") return range(plus(log.today, 1 - wanted), log.today).map(day => pointOf(data.of(day)));
  const first = data.first && data.first < log.today ? data.first : log.today, monday = plus(first, -weekday(first));
  const monthly = Date.parse(log.today) - Date.parse(monday) > WEEKS_MAX * 7 * 86_400_000, groups = new Map();
  for (const day of range(monday, log.today)) {
    const key = monthly ? day.slice(0, 7) : plus(day, -weekday(day));
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(data.of(day));
  }
  return [...groups.values()].map(days => {
    const {day} = days[0];
    if (monthly) return together(days, when(day, {month: "long", year: "numeric"}), when(day, {month: "short", year: "2-digit"}));
    return together(days, t("history.week_of", {day: when(day, {...SHORT, year: "numeric"})}), when(day, SHORT));
  });
}

function charted(hub) {
  const {minutesOnly} = hub.data;
  const says = h("p", {class: "says"}), host = h("div"), table = h("div", {class: "scroll", tabindex: 0, role: "region", "aria-label": t("history.as_table")});
  const list = unfolds("table", h("details", {}, h("summary", {}, t("history.as_table")), table)), legend = h("ul", {class: "legend"});
  let all = [];
  const tabulate = () => list.open && table.replaceChildren(tabled(all, minutesOnly));
  const draw = wanted => {
    shown = wanted;
    all = points(hub, wanted === "all" ? wanted : Number(wanted));
    host.replaceChildren(chart(all, {
      label: t("history.chart_label"), titles: {tightness: t("history.tightness_title"), minutes: t(wanted === "all" ? "history.minutes_sum" : "history.minutes_title")},
      axis: point => point.axis, says: point => point.says, moved: point => put(says, point.says),
      open: point => (point.several ? document.querySelector(`[data-month="${point.day.slice(0, 7)}"]`)?.scrollIntoView({block: "center"}) : openDay(hub, point.day)),
    }));
    legend.replaceChildren(...legendOf(minutesOnly || all[0].several));
    tabulate();
  };
  list.addEventListener("toggle", tabulate);
  const ranges = choice(t("history.range"), [...RANGES.map(n => [String(n), t("history.days", {n})]), ["all", t("history.all")]], shown, draw);
  ranges.querySelector("legend").className = "unseen";
  draw(shown);
  return h("section", {class: "card stack"}, h("header", {}, h("h2", {}, t("history.chart")), ranges), h("div", {}, host, says), legend, list);
}

function tabled(all, minutesOnly) {
  const yes = on => (on ? t("history.yes") : "");
  const columns = {
    day: point => point.title, minutes: point => (point.counted ? whole(point.seconds) : "–"), sessions: point => point.counted || "",
    plan: point => (point.band ? t("history.range_of", {low: point.band[0], high: point.band[1]}) : ""), done: point => yes(point.done),
    tightness: point => point.value ?? "", moment: point => (point.value ? t(`history.moment_${point.moment}`) : ""),
    looser: ({tally}) => (tally.asked ? t("history.yes_of", {yes: tally.yes, n: tally.asked}) : ""), rest: point => yes(point.rest), stops: ({tally}) => tally.stops || "",
  };
  const names = Object.keys(columns).filter(name => !(minutesOnly && ["plan", "done"].includes(name)) && !(all[0].several && ["plan", "done", "rest"].includes(name)));
  return h("table", {class: "small"}, h("thead", {}, h("tr", {}, names.map(name => h("th", {scope: "col"}, t(`history.col_${name}`))))),
    h("tbody", {}, all.toReversed().map(point => h("tr", {}, names.map((name, i) => h(i ? "td" : "th", i ? {} : {scope: "row"}, String(columns[name](point))))))));
}

// ---- months ----------------------------------------------------------------------------------------------------------
/** The calendar: each month has its place and its heading at once, and its days as it comes near the screen. */
function months(hub) {
  const {data, log} = hub, used = new Set([log.today.slice(0, 7)]);
  for (const day of data.days()) used.add(day.slice(0, 7));
  const sections = [...used].sort().reverse().map(month => h("section", {class: "month", "data-month": month, "aria-label": when(`${month}-01`, {month: "long", year: "numeric"})}));
  watch = new IntersectionObserver(entries => {
    for (const {target, isIntersecting} of entries) {
      if (isIntersecting && !target.firstChild) target.append(...month(hub, target.dataset.month));
      // Far away again: its days go, unless the focus is on one of them.
      else if (!isIntersecting && !target.contains(document.activeElement)) target.replaceChildren();
    }
  }, {rootMargin: AHEAD});
  for (const section of sections) watch.observe(section);
  const levels = ["none", ...LEVELS_MIN.keys(), LEVELS_MIN.length];
  const legend = h("p", {class: "levels soft small"}, levels.map((level, i) => h("span", {}, h("i", {class: `l${i}`}), t(`history.level_${level}`, {n: LEVELS_MIN[level]}))));
  return h("section", {class: "stack"}, h("header", {class: "row apart"}, h("h2", {}, t("history.months")), legend),
    h("div", {class: "months", onkeydown: event => arrows(event)}, sections));
}

const level = ({counted, seconds}) => (counted ? 1 + LEVELS_MIN.filter(least => seconds >= least * 60).length : 0);

function month(hub, name) {
  const {data, log} = hub, first = `${name}-01`, last = plus(plus(first, 31).slice(0, 7) + "-01", -1), days = range(first, last).map(data.of);
  const monday = plus(first, -weekday(first)), weeks = range(monday, plus(last, 6 - weekday(last)));
  const latest = last < log.today ? last : log.today; // Tab comes to this one, the arrow keys to the others
  const cell = day => {
    if (day.slice(0, 7) !== name) return h("td");
    const of = data.of(day), number = h("span", {}, String(Number(day.slice(8))));
    if (day > log.today && !of.sessions.length) return h("td", {}, h("span", {class: "later"}, number));
    return h("td", {}, h("button", {type: "button", class: `l${level(of)}`, "data-day": day, "data-key": `month ${day}`, tabindex: day === latest ? 0 : -1,
      "aria-current": day === log.today ? "date" : null, onclick: () => openDay(hub, day)}, h("span", {class: "unseen"}, describe(of)), h("span", {"aria-hidden": "true"}, number, h("b", {}, minutesOf(of, "")), signs(of, false))));
  };
  return [h("header", {}, h("h3", {}, when(first, {month: "long", year: "numeric"})),
    h("p", {class: "soft small"}, t("history.sum", {minutes: whole(days.reduce((sum, day) => sum + day.seconds, 0)), n: days.reduce((sum, day) => sum + day.counted, 0)}))),
  h("table", {}, h("thead", {}, h("tr", {}, weeks.slice(0, 7).map(day => h("th", {scope: "col"}, when(day, {weekday: "short"}))))),
    h("tbody", {}, Array.from({length: weeks.length / 7}, (_, i) => h("tr", {}, weeks.slice(7 * i, 7 * i + 7).map(cell)))))];
}

function arrows(event) {
  const step = {ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7}[event.key], {day} = event.target.dataset;
  if (!step || !day) return;
  event.preventDefault();
  document.querySelector(`.months [data-day="${plus(day, step)}"]`)?.focus();
}

// ---- what has no day, and what was deleted -----------------------------------------------------------------------------
function undated(hub) {
  const {sessions, ratings, stops} = hub.data.undated;
  const entries = [...sessions.toReversed().map(one => sessionEntry(hub, one, {dated: true})), ...ratings.map(one => ratingEntry(hub, one)), ...stops.map(one => stopEntry(hub, one))];
  return entries.length > 0 && card(t("history.undated"), h("p", {class: "soft"}, t("history.undated_help")), h("div", {class: "entries"}, entries));
}

const DELETED_SHOWN = 20;
function deleted(hub) {
  const all = hub.data.deleted.toReversed();
  if (!all.length) return null;
  const list = h("div", {class: "entries"});
  const more = (from, to) => list.append(...all.slice(from, to).map(one => h("div", {class: "row apart entry"}, sessionLine(hub, one, {dated: true}),
    button(t("history.restore"), () => restore(hub, one), "", {"aria-label": t("history.restore_of", {what: one.start ? when(one.start, {...SHORT, hour: "2-digit", minute: "2-digit", hourCycle: "h23"}) : t("history.no_date")})}))));
  more(0, DELETED_SHOWN);
  const rest = all.length > DELETED_SHOWN && button(t("history.show_all", {n: all.length}), () => { more(DELETED_SHOWN, all.length); rest.remove(); }, "quiet");
  return unfolds("deleted", h("details", {class: "card deleted"}, h("summary", {}, h("h2", {}, t("history.deleted_ones", {n: all.length}))), list, rest || ""));
}
