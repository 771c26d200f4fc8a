// Two weeks on one sheet: plain numbers for oneself or a physiotherapist, on one page of A4. What is measured and what
// is said are told apart; there is no advice on it.
import {button, choice, clock, field, h, t, when} from "./ui.js";
import {chart} from "./chart.js";
import {chosen, daily, owners, plus, range, SHORT} from "./days.js";
import {legendOf} from "./records.js";

const DAYS = 14;
const PAPER_PX = 800; // the width of the chart before it is made to fit A4: with its table it is one page
const DAY = {...SHORT, year: "numeric"};
const FILES = [["csv_sessions", "/export/sessions.csv"], ["csv_ratings", "/export/ratings.csv"], ["csv_stops", "/export/stops.csv"], ["json", "/export.json"]];
const DATE = /^\d{4}-\d\d-\d\d$/;

export async function render(root, ctx) {
  let log;
  try {
    log = await ctx.log();
  } catch (error) {
    root.replaceChildren(h("h1", {}, t("sheet.title")), h("p", {class: "notice warn"}, error.message));
    return;
  }
  // #sheet/2026-11-30/ID of the person
  const [day, id] = ctx.rest.split("/"), people = owners(log), paper = h("article", {class: "paper"});
  let last = DATE.test(day) && day <= log.today ? day : log.today;
  let person = id !== undefined && people.some(one => (one.id ?? "") === id) ? id || null : chosen(log, people, ctx.state?.owner);
  const draw = () => paper.replaceChildren(...sheet(log, people, person, last));
  const until = field(t("sheet.last_day"), h("input", {type: "date", value: last, max: log.today, min: "1971-01-01", onchange: event => {
    const wanted = event.target.value, fine = DATE.test(wanted) && wanted <= log.today;
    until.fail(fine ? "" : t("sheet.no_day", {today: when(log.today, DAY)}));
    if (!fine) return;
    last = wanted;
    draw();
  }}), t("sheet.last_day_help"));
  root.classList.add("stack");
  root.replaceChildren(h("header", {class: "no-print row apart"}, h("h1", {}, t("sheet.title")), h("a", {class: "button", href: "#history"}, t("sheet.back"))),
    h("div", {class: "no-print card stack sheet-choice"}, until,
      people.length > 1 ? choice(t("history.whose"), people.map(one => [one.id ?? "", one.name]), person ?? "", value => { person = value || null; draw(); }) : "",
      button(t("sheet.print"), () => print(), "primary"), h("h2", {}, t("sheet.downloads")),
      h("ul", {class: "stack tight"}, FILES.map(([key, href]) => h("li", {}, h("a", {href, download: true}, t(`sheet.${key}`)))))),
    paper);
  draw();
}

function sheet(log, people, person, last) {
  const data = daily(log, person), days = range(plus(last, 1 - DAYS), last).map(data.of), name = people.find(one => one.id === person)?.name;
  const sum = of => days.reduce((all, day) => all + of(day), 0), none = t("sheet.none");
  const [yes, asked] = [0, 1].map(i => sum(day => day.looser[i])), seconds = sum(day => day.seconds), numbers = days.filter(day => day.number);
  const shown = days.flatMap(day => [...day.sessions.filter(one => one.counts), ...day.ratings, ...day.stops]);
  const leftOut = sum(day => day.sessions.length - day.counted), undated = data.undated.sessions.length, estimated = shown.some(one => one.estimated), edited = shown.some(one => one.edited);
  const marks = day => {
    const of = shown.filter(one => one.day === day.day);
    return (of.some(one => one.estimated) ? " ~" : "") + (of.some(one => one.edited) ? " *" : "");
  };
  const row = day => [when(day.day, {weekday: "short", ...SHORT}) + marks(day), day.counted ? clock(day.seconds) : none, day.counted || none, day.number?.value ?? none,
    day.number ? t(`sheet.moment_${day.number.moment}`) : none, day.looser[1] ? t("sheet.of", {yes: day.looser[0], n: day.looser[1]}) : none, day.stops.length || none, day.rest ? t("sheet.yes") : none];
  const sums = [t("sheet.sum"), clock(seconds), sum(day => day.counted) || none, "", t("sheet.answers", {n: numbers.length}), asked ? t("sheet.of", {yes, n: asked}) : none, sum(day => day.stops.length) || none, sum(day => Number(day.rest)) || none];
  const columns = ["day", "minutes", "sessions", "tightness", "moment", "looser", "stops", "rest"];
  const points = days.map(day => ({...day, minutes: day.seconds / 60, value: day.number?.value ?? null, moment: day.number?.moment, looser: day.looser[0] > 0, stop: day.stops.length > 0}));
  const look = {label: t("sheet.chart_label"), axis: day => when(day.day, SHORT), titles: {tightness: t("history.tightness_title"), minutes: t("history.minutes_title")}};
  const banded = days.some(day => day.band), trend = last === log.today && data.plan?.trend;
  const notes = [t("sheet.said_measured"), t("sheet.said_tightness"), t("sheet.said_looser"), t("sheet.said_stop"), banded && t("sheet.said_plan"), leftOut && t("sheet.said_left_out", {n: leftOut}),
    undated && t("sheet.said_undated", {n: undated}), estimated && t("sheet.said_estimated"), edited && t("sheet.said_edited")];
  return [
    h("header", {}, h("h2", {}, t("sheet.heading", {first: when(days[0].day, DAY), last: when(last, DAY)})), name ? h("p", {}, t("sheet.of_person", {name})) : ""),
    h("div", {class: "no-print"}, chart(points, look)), h("div", {class: "print-only"}, chart(points, {...look, width: PAPER_PX})),
    h("ul", {class: "legend"}, legendOf(data.minutesOnly)),
    h("div", {class: "scroll", tabindex: 0, role: "region", "aria-label": t("history.as_table")}, h("table", {},
      h("thead", {}, h("tr", {}, columns.map(key => h("th", {scope: "col"}, t(`sheet.col_${key}`))))),
      h("tbody", {}, days.map(day => h("tr", {}, row(day).map((text, i) => i ? h("td", {}, String(text)) : h("th", {scope: "row"}, text))))),
      h("tfoot", {}, h("tr", {}, sums.map((text, i) => i ? h("td", {}, String(text)) : h("th", {scope: "row"}, text)))))),
    h("p", {}, t("sheet.days", {n: days.filter(day => day.counted).length}), ". ", trend && trend.first !== null ? t("sheet.trend", {...trend, moment: t(`sheet.moment_${trend.moment}`)}) : ""),
    h("section", {class: "said"}, h("h3", {}, t("sheet.said_heading")), h("ul", {}, notes.filter(Boolean).map(text => h("li", {}, text))), h("p", {}, t("sheet.made", {day: when(log.today, DAY)}))),
  ];
}
