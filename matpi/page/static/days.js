// The log of /api/log as days of one person, and sums of them. Dates are ISO texts, which sort and compare.
import {t} from "./ui.js";

const DAY_MS = 86_400_000;

export const plus = (day, days) => new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);
export const weekday = day => (new Date(Date.parse(day)).getUTCDay() + 6) % 7; // 0 = Monday
export const range = (first, last) => {
  const days = [];
  for (let day = first; day <= last; day = plus(day, 1)) days.push(day);
  return days;
};

/** Whole minutes, never more than were measured. */
export const whole = seconds => Math.floor(seconds / 60);
export const SHORT = {day: "numeric", month: "short"};
export const LONG = {weekday: "long", day: "numeric", month: "long", year: "numeric"};

/** The name of an owner who is none of the people: earlier versions stored guests. */
export const nameless = id => t(id === null ? "history.nobody" : "history.guest");

/** Whose records there are: [{id, name}] with id null for those of no one; empty where no one is named. */
export function owners(log) {
  if (!log.people.length) return [];
  const has = id => [log.sessions, log.ratings, log.stops].some(records => records.some(one => one.person === id));
  const named = log.people.filter(person => !person.removed || has(person.id)).map(({id, name}) => ({id, name}));
  const ids = new Set(log.people.map(person => person.id));
  const others = [...new Set(log.sessions.map(one => one.person))].filter(id => !ids.has(id));
  return [...named, ...others.map(id => ({id, name: nameless(id)}))];
}

/** Of `owners` the one to show first: the owner of the present session, else who is chosen. */
export function chosen(log, people, owner) {
  const ids = people.map(one => one.id);
  return [owner, log.people.find(one => one.chosen)?.id, ids[0]].find(id => id !== undefined && ids.includes(id)) ?? null;
}

const by = record => (record.time ? Date.parse(record.time) : Infinity);
/** A day's number is its first answer. */
const first = ratings => ratings.reduce((least, one) => (least === null || by(one) < by(least) ? one : least), null);

/** The middle of several numbers; of an even number of them the lower of the two. */
export const median = values => values.toSorted((a, b) => a - b)[(values.length - 1) >> 1];

/**
 * What the log has of a person (an id, or null), by day.
 *
 * `of(day)` is always an object: {day, seconds, sessions, counted, ratings, number, stops, looser: [yes, of], rest, done,
 * band}. Seconds are those that count. `minutesOnly`: a doctor is to be asked first, so there is no band, and done is null.
 */
export function daily(log, person) {
  const plan = log.plans[person ?? ""] ?? null, safety = log.safety[person ?? ""] ?? null;
  const minutesOnly = Boolean(plan?.short_only || (safety?.some && !safety.cleared));
  const done = new Set(safety?.answered === false ? [] : plan?.done_on);
  const rests = new Set(plan?.rests), found = new Map();
  const mine = records => records.filter(one => one.person === person && !one.deleted_why);
  const at = day => {
    if (!found.has(day)) {
      found.set(day, {day, seconds: 0, sessions: [], counted: 0, ratings: [], number: null, stops: [], looser: [0, 0],
        rest: rests.has(day), done: minutesOnly ? null : done.has(day), band: minutesOnly ? null : plan?.bands[day] ?? null});
    }
    return found.get(day);
  };
  const sessions = mine(log.sessions), ratings = mine(log.ratings), stops = mine(log.stops);
  for (const rest of log.days) if (rest.rest && rest.person === person) rests.add(rest.day);
  for (const session of sessions) {
    if (!session.day) continue;
    const day = at(session.day);
    day.sessions.push(session);
    if (session.counts) {
      day.seconds += session.on_mat_s;
      day.counted += 1;
    }
    const looser = log.looser[session.id];
    if (looser !== undefined) day.looser = [day.looser[0] + looser, day.looser[1] + 1];
  }
  for (const rating of ratings) if (rating.day) at(rating.day).ratings.push(rating);
  for (const stop of stops) if (stop.day) at(stop.day).stops.push(stop);
  const used = [...found.keys()].sort();
  for (const day of found.values()) {
    day.number = first(day.ratings);
    day.sessions.sort((a, b) => (a.start ?? "").localeCompare(b.start ?? ""));
  }
  return {
    of: at,
    days: () => used,
    first: used[0] ?? null,
    minutesOnly,
    plan,
    safety,
    sessions,
    undated: {sessions: sessions.filter(one => !one.day), ratings: ratings.filter(one => !one.day), stops: stops.filter(one => !one.day)},
    deleted: log.sessions.filter(one => one.person === person && one.deleted_why),
  };
}
