// Today: the mat as it is now, what it asks, and what can be wished for.
import {breathAt, dial, range} from "./dial.js";
import {button, choice, clock, dialog, draw, h, hm, put, t, toast, when} from "./ui.js";

const SITS = new Set(["ON_MAT", "AWAY", "HOLDING"]);
const ASKED = ["CONFIRM", "FELT_WRONG", "LOOSER", "RATING"];
const STEP_MS = 200;
let stop = () => {};

export const leave = () => stop();

/** Return whether nothing may be aimed at: the safety questions are open, or a doctor should be asked first. */
export const isUnsafe = state => state.safety === "unanswered" || state.safety === "some" || state.plan.short_only;

/** Return the name of the person the state is about, as requests take it; null where no one is named. */
const named = state => state.people.find(one => one.id === state.owner)?.name ?? null;

export function render(root, ctx) {
  const off = h("section", {class: "card away", hidden: true}, h("h1", {}, t("today.off")), h("p", {}), h("p", {class: "soft"}, t("today.off_retry")));
  const now = nowCard(), asks = questions(ctx), day = dayCard(ctx), device = deviceCard(ctx);
  const all = h("div", {class: "today", hidden: true}, now, h("div", {class: "stack"}, asks, day), device);
  root.append(off, all);

  function hear(state) {
    all.hidden = !state;
    off.hidden = Boolean(state) || !ctx.off;
    if (!state) return put(off.children[1], ctx.off);
    for (const part of [now, asks, day, device]) part.hear(state);
    return step();
  }

  // The timer runs here between two messages.
  let timer = 0, frame = 0;
  function step() {
    clearTimeout(timer);
    cancelAnimationFrame(frame);
    if (!ctx.state) return;
    const paced = now.step(ctx.state, (performance.now() - ctx.at) / 1000);
    if (paced) frame = requestAnimationFrame(step);
    else if (ctx.state.session?.runs) timer = setTimeout(step, STEP_MS);
  }
  const unhear = ctx.onState(hear);
  stop = () => { unhear(); clearTimeout(timer); cancelAnimationFrame(frame); };
  hear(ctx.state);
}

// ---- the state, in words, and the timer ----------------------------------------------------------------------------
function nowCard() {
  const title = h("h1", {"aria-live": "polite"}), who = h("p", {class: "who soft"}), face = dial(), phase = h("p", {class: "phase", role: "status"});
  const el = h("section", {class: "card now", "aria-label": t("today.now")}, title, who, face, phase);
  el.hear = state => {
    put(title, t(`today.front.${ASKED.includes(state.front) ? "ASKS" : state.front}`));
    who.hidden = state.people.length < 2;
    put(who, state.people.find(one => one.id === (state.session?.person ?? state.owner))?.name ?? "");
    const [text, kind] = phaseOf(state);
    put(phase, text);
    phase.className = `phase ${kind}`;
  };
  el.step = (state, elapsed_s) => {
    const {session, plan} = state, sits = session && SITS.has(state.front);
    const goal = sits ? session : plan; // a routine has its own minutes
    const aims = goal.upper_min > 0 && !isUnsafe(state) && (sits || !plan.stopped); // a stop sign: nothing more today
    const seconds = sits ? session.on_mat_s + (session.runs ? elapsed_s : 0) : plan.today_s;
    const aim = aims ? t("today.of", {range: range(goal)}) : "";
    face.show(seconds, {plan: aims ? goal : null, fine: Boolean(sits) && seconds < 60, said: sits ? aim : `${t("today.today")} ${aim}`});
    const breath = sits && session.runs ? breathAt(state.pacer, seconds) : null;
    face.breathe(breath);
    return breath !== null;
  };
  return el;
}

/** Return the one sentence below the dial and its kind: a fault comes before the phase, the phase before a remark. */
function phaseOf(state) {
  const {plan} = state, sits = state.session && SITS.has(state.front);
  if (state.unsaved || state.trouble) return [t("today.unsaved"), "warn"];
  if (state.damaged) return [damageOf(state.damaged), "warn"];
  if (state.silent) return [t("today.silent"), "warn"];
  if (state.lost.length) return [t(`today.lost.${state.lost[0]}`), "warn"];
  if (sits) return [state.front === "ON_MAT" ? state.phase : "", "big"]; // else the heading says why it waits
  if (plan.stopped) return [t("today.stopped"), ""];
  if (!isUnsafe(state) && plan.done) return [t("today.done"), "big"];
  if (!isUnsafe(state) && plan.rest_day) return [t("today.rest_day"), "big"];
  if (!state.trusted) return [t("today.clock"), ""];
  if (!state.calibrated) return [t("today.uncalibrated"), ""];
  return [state.routine === "plan" ? "" : t("today.next", {routine: t(`app.routine.${state.routine}`)}), "big"];
}

/** Return what became of a damaged log, or of a missing one, which has no file: `day` is that of the newest session in the backup, null when it has none. */
function damageOf({file, restored, day}) {
  if (!file) return day ? t("today.missing", {day: when(day)}) : t("today.missing_undated");
  if (!restored) return t("today.damaged", {file});
  return day ? t("today.restored", {file, day: when(day)}) : t("today.restored_undated", {file});
}

// ---- what is asked ------------------------------------------------------------------------------------------------
function questions(ctx) {
  const {act} = ctx;
  let passed = ""; // a question that was answered here, until the device asks something else
  const pass = () => { passed = keyOf(ctx.state); el.hear(ctx.state); };
  const about = () => ctx.state.asks?.about;
  const yesNo = (name, yes, no) => {
    const more = h("p", {class: "soft"}, t(`today.${name}.about`));
    const answer = work => async () => { if (await work() !== null) pass(); };
    const panel = h("div", {class: "ask"}, h("h2", {}, t(`today.${name}.question`)), more,
      h("div", {class: "row"}, button(t(`today.${name}.yes`), answer(yes)), button(t(`today.${name}.no`), answer(no))));
    panel.more = more;
    return panel;
  };
  const panels = {
    RATING: ratingPanel(ctx),
    LOOSER: yesNo("looser", () => act({do: "edit_session", id: about(), set: {looser: "yes"}}, ""), () => act({do: "edit_session", id: about(), set: {looser: "no"}}, "")),
    CONFIRM: yesNo("confirm", () => act({do: "answer_session", id: about(), yours: true}, ""), () => act({do: "answer_session", id: about(), yours: false}, "")),
    FELT_WRONG: yesNo("felt_wrong", () => noteWrong(ctx, null),
      // "No" stores nothing: it is the tap that the device waits for, if it still does.
      () => ctx.state.front === "FELT_WRONG" ? act({do: "press", how: "tap"}, "") : {}),
  };
  const el = h("section", {class: "card asks", "aria-label": t("today.question"), "aria-live": "polite"}, Object.values(panels));
  let told = "";
  el.hear = state => {
    const key = keyOf(state), shown = key !== passed && ASKED.includes(state.asks?.what) ? state.asks.what : "RATING";
    if (key !== passed) passed = "";
    for (const [name, panel] of Object.entries(panels)) panel.classList.toggle("here", name === shown);
    panels.RATING.hear(state);
    if (shown === "CONFIRM" && told !== about()) tell(about());
  };
  async function tell(id) {
    told = id;
    const session = (await ctx.log().catch(() => null))?.sessions.find(one => one.id === id);
    put(panels.CONFIRM.more, session?.start ? t("today.confirm.this", {time: clock(session.on_mat_s), at: hm(session.start)}) : t("today.confirm.about"));
  }
  return el;
}

const keyOf = state => state?.asks ? `${state.asks.what} ${state.asks.about}` : "";

/** The day's number: asked while it is missing, to be changed once it is there. */
function ratingPanel(ctx) {
  const said = h("p", {class: "soft", role: "status"});
  const buttons = Array.from({length: 10}, (_, n) => button(String(n + 1), () => rate(n + 1), "", {"aria-pressed": "false"}));
  const heading = h("h2", {id: "how-tight"}, t("today.rating.question"));
  const el = h("div", {class: "ask"}, heading,
    h("div", {class: "ten", role: "group", "aria-labelledby": "how-tight", "aria-describedby": "ends"}, buttons),
    h("p", {class: "ends small soft", id: "ends"}, h("span", {}, t("today.rating.loose")), h("span", {}, t("today.rating.tight"))), said);
  el.hear = ({rated}) => {
    buttons.forEach((one, n) => one.setAttribute("aria-pressed", String(rated === n + 1)));
    put(said, rated === null ? t("today.rating.once") : t("today.rating.saved", {value: rated}));
  };
  async function rate(value) {
    const {rated, owner, today, asks} = ctx.state;
    if (value === rated) return undefined;
    if (rated === null) {
      const session = asks?.what === "RATING" ? asks.about : null; // the one that has just ended
      await ctx.act({do: "rate", value, session, person: named(ctx.state)}, "");
    }
    else {
      const log = await ctx.log().catch(() => null), of = log?.ratings.filter(one => one.day === today && one.value === rated) ?? [];
      const known = of.find(one => one.person === owner) ?? of.find(one => one.person === null);
      if (!known) return toast(t("today.rating.unknown"), "warn");
      await ctx.act({do: "edit_rating", id: known.id, set: {value: String(value)}}, "");
    }
    return undefined;
  }
  return el;
}

// ---- the day: plan, whose turn, wishes -----------------------------------------------------------------------------
function dayCard(ctx) {
  const {act} = ctx, wears = h("p", {class: "soft"}), facts = h("dl", {class: "figures"}), heading = h("h2", {}, t("today.day"));
  const turn = h("div"), safety = h("div", {class: "notice"}, h("p"), h("a", {href: "#setup/safety"}));
  const rest = button(t("today.rest"), () => act({do: "rest", rest: !ctx.state.rest, person: named(ctx.state)}, ""), "", {"aria-pressed": "false"});
  const snooze = button(t("today.snooze"), () => act({do: "snooze"}, ""), "", {"aria-pressed": "false"});
  const wrong = button(t("today.wrong.button"), () => feltWrong(ctx));
  const el = h("section", {class: "card stack", "aria-label": t("today.day")}, heading, turn, safety, facts, wears, h("div", {class: "wishes"}, rest, snooze, wrong));
  let people = "";
  el.hear = state => {
    const {plan} = state, unsafe = isUnsafe(state);
    safety.hidden = !unsafe;
    if (unsafe) {
      const which = state.safety === "unanswered" ? "unanswered" : "ask_first";
      put(safety.children[0], t(`today.safety.${which}`));
      put(safety.children[1], t(`today.safety.${which}_do`));
    }
    facts.hidden = wears.hidden = unsafe;
    put(wears, t("today.wears", {clothing: plan.clothing, goal: plan.goal}));
    figures(facts, [
      [t("today.plan"), plan.after ? t("today.after") : t("today.day_of", {day: plan.day, days: plan.days})],
      [t("today.so_far"), plan.today_s > 0 && plan.today_s < 60 ? `<1 ${t("app.min")}` : `${Math.floor(plan.today_s / 60)} ${t("app.min")}`],
      [t("today.week"), t("today.week_of", {done: plan.week_count, goal: plan.weekly_goal})],
      [t("today.streak"), t("today.days", {n: plan.streak})],
    ]);
    rest.setAttribute("aria-pressed", String(state.rest));
    snooze.setAttribute("aria-pressed", String(state.snoozed));
    snooze.disabled = state.snoozed;
    const wanted = JSON.stringify(state.people);
    if (wanted === people) return;
    people = wanted;
    turn.hidden = state.people.length < 2;
    turn.replaceChildren(...turn.hidden ? [] : [choice(t("today.turn"), state.people.map(one => [one.name, one.name]), state.people.find(one => one.chosen)?.name,
      name => act({do: "people", words: ["choose", name]}, ""))]);
  };
  return el;
}

function figures(list, rows) {
  if (list.children.length !== rows.length) list.replaceChildren(...rows.map(() => h("div", {}, h("dt"), h("dd"))));
  rows.forEach(([name, value], n) => { put(list.children[n].children[0], name); put(list.children[n].children[1], value); });
}

const noteWrong = (ctx, on) => ctx.act({do: "felt_wrong", on, person: named(ctx.state)}, t("today.wrong.noted"));

/** Note that something felt wrong today or, since bruises show late, yesterday. */
async function feltWrong(ctx) {
  const {today} = ctx.state, yesterday = new Date(Date.parse(today) - 864e5).toISOString().slice(0, 10);
  const day = choice(t("today.wrong.when"), [["today", t("today.wrong.today")], ["yesterday", t("today.wrong.yesterday")]], "today");
  await dialog(t("today.wrong.title"), [h("p", {}, t("today.wrong.signs")), day, h("p", {class: "soft"}, t("today.wrong.follows"))], [
    {label: t("app.cancel"), kind: "quiet"},
    {label: t("today.wrong.note"), kind: "primary", run: async () => await noteWrong(ctx, day.value === "today" ? null : yesterday) !== null},
  ]);
}

// ---- the device: its panel, mirrored, and its button ---------------------------------------------------------------
function deviceCard(ctx) {
  const canvas = h("canvas", {width: 128, height: 64, role: "img"}), press = how => ctx.act({do: "press", how}, "");
  const says = h("p", {class: "small soft says"});
  const el = h("section", {class: "card device", "aria-label": t("today.device")}, h("h2", {}, t("today.device")),
    h("div", {class: "glass"}, canvas), h("div", {class: "row"}, button(t("today.tap"), () => press("tap")), button(t("today.hold"), () => press("hold"))),
    says);
  let drawn = "";
  el.hear = state => {
    canvas.setAttribute("aria-label", state.brightness === "off" ? t("today.dark") : state.spoken);
    put(says, t(state.brightness === "off" ? "today.dark" : "today.button"));
    canvas.classList.toggle("dim", state.brightness === "dim");
    if (state.frame !== drawn) draw(canvas, drawn = state.frame);
  };
  return el;
}
