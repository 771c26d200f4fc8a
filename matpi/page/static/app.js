// Start, the way between the views, requests, and the device's state as it comes in.
import {h, put, t, toast, words} from "./ui.js";

const VIEWS = ["today", "history", "setup", "sheet"];
const RETRY_MS = 3000, QUIET_MS = 45000, HIDDEN_MS = 60000;
const $ = id => document.getElementById(id);

// ---- requests ----------------------------------------------------------------------------------------------------
/** An answer that says no: `message` is the server's sentence. */
export class Refused extends Error {
  constructor(sentence, status) {
    super(sentence);
    this.status = status;
  }
}

/** Ask the page's server; return the JSON of its answer. `body`: posted as JSON, or as it is (a File). Throws Refused. */
export async function api(path, body = undefined, options = {}) {
  const asIs = body instanceof Blob;
  const sent = body === undefined ? {} : {method: "POST", body: asIs ? body : JSON.stringify(body), headers: {"Content-Type": asIs ? "application/octet-stream" : "application/json"}};
  let answer;
  try {
    answer = await fetch(path, {...sent, ...options});
  } catch {
    throw new Refused(t("app.no_answer"), 0);
  }
  if (answer.status === 304) return null;
  const said = await answer.json().catch(() => ({}));
  if (answer.status === 401 && ctx.paired) unpair();
  if (!answer.ok) throw new Refused(said.error ?? t("app.failed", {status: answer.status}), answer.status);
  return options.whole ? [said, answer] : said;
}

/** Ask the device to do something, and show `said` or else what it says; return the data, or null when it refused. */
async function act(request, said = null) {
  try {
    const answer = await api("/api/do", request);
    const sentence = said ?? answer.said.join(" ");
    if (sentence) toast(sentence);
    return answer.data ?? {};
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    toast(error.message, "warn");
    return null;
  }
}

let logged = null, tag = "";
/** Return everything of the log; asked again each time, sent only when it changed. Throws Refused. */
async function log() {
  const fresh = await api("/api/log", undefined, {whole: true, cache: "no-store", headers: tag && logged ? {"If-None-Match": tag} : {}});
  if (fresh) [logged, tag] = [fresh[0], fresh[1].headers.get("ETag") ?? ""];
  return logged;
}

// ---- the device's state ------------------------------------------------------------------------------------------
const hearers = new Set();

/** Everything that a view needs. `state`: null while the device does not answer, then `off` says why. */
const ctx = {
  api, act, log, t, state: null, off: "", at: 0, lang: "en", rest: "", paired: false, hello: null,
  onState(fn) {
    hearers.add(fn);
    return () => hearers.delete(fn);
  },
  navigate: (view, rest = "") => { location.hash = rest ? `${view}/${rest}` : view; },
  restart: () => start(),
  /** The language that was chosen for this browser, "" for the device's. */
  get language() { return chosen(""); },
  /** Show the page in this language from now on, in this browser; "": in the device's. */
  async choose(lang) {
    try {
      if (lang) localStorage.setItem(LANGUAGE, lang);
      else localStorage.removeItem(LANGUAGE);
    } catch { /* Not stored: it holds until the page is left. */ }
    await speak(lang || (ctx.state ?? ctx.hello).language);
    await show();
  },
};

function hear(state, off = "") {
  ctx.state = state;
  ctx.off = off;
  ctx.at = performance.now();
  document.body.classList.toggle("off", !state);
  put($("link"), t(state ? "app.connected" : "app.not_connected"));
  if (state && chosen(state.language) !== words.lang) speak(chosen(state.language)).then(show);
  for (const fn of [...hearers]) fn(state);
}

let stream = null;
/** Read the server's events until they end, and begin again: EventSource would not say why it was refused. */
async function listen() {
  const mine = (stream = new AbortController());
  while (!mine.signal.aborted) {
    let off = t("app.no_answer");
    try {
      const answer = await fetch("/events", {signal: mine.signal, cache: "no-store"});
      if (answer.status === 401) return unpair();
      if (answer.ok) await read(answer.body.getReader());
      else if (answer.status === 503) off = t("app.too_many");
    } catch { /* The network is gone, or the page is left: said below. */ }
    if (mine.signal.aborted) return undefined;
    hear(null, off);
    await new Promise(done => setTimeout(done, RETRY_MS));
  }
  return undefined;
}

async function read(reader) {
  const decoder = new TextDecoder();
  let text = "", timer = 0;
  // The server sends at least a comment in this time: a connection that is only half closed would wait for ever.
  const wait = () => { clearTimeout(timer); timer = setTimeout(() => reader.cancel(), QUIET_MS); };
  for (;;) {
    wait();
    const {done, value} = await reader.read();
    if (done) return clearTimeout(timer);
    const parts = (text + decoder.decode(value, {stream: true})).replaceAll("\r\n", "\n").split("\n\n");
    text = parts.pop();
    for (const part of parts) {
      const lines = part.split("\n"), of = name => lines.filter(line => line.startsWith(name)).map(line => line.slice(name.length).trim()).join("\n");
      if (of("event:") === "state") hear(JSON.parse(of("data:")));
      else if (of("event:") === "off") hear(null, t("app.off"));
    }
  }
}

function hangUp() {
  stream?.abort();
  stream = null;
}

// A page in the background gives its stream back: there are eight.
let hiding = 0;
document.addEventListener("visibilitychange", () => {
  clearTimeout(hiding);
  if (document.hidden) hiding = setTimeout(hangUp, HIDDEN_MS);
  else if (ctx.paired && !stream) listen();
});

// What comes over a network that is gone would be waited for.
addEventListener("offline", () => {
  if (!stream) return;
  hangUp();
  listen();
});

// ---- views -------------------------------------------------------------------------------------------------------
let view = null, shown = 0, at = "";

async function show() {
  const [name, ...rest] = location.hash.slice(1).split("/"), mine = ++shown;
  const wanted = ctx.paired ? (VIEWS.includes(name) ? name : "today") : "pair";
  const next = await import(`./${wanted}.js`).catch(() => null);
  if (mine !== shown) return; // another view was asked for while this one was loaded
  if (!next) {
    if (at) history.replaceState(null, "", at.slice(at.indexOf("#"))); // so that the same link leads there the next time
    return void toast(t("app.no_answer"), "warn");
  }
  const here = `${wanted} ${location.hash || "#today"}`, moved = at && at !== here, keep = document.activeElement?.dataset.keep;
  // Drawn again where it is, in another language: what is seen of it stays, and the focus where it has a name.
  if (at === here) $("main").style.minHeight = `${$("main").offsetHeight}px`;
  at = here;
  view?.leave?.();
  hearers.clear();
  view = next;
  ctx.rest = decoded(rest.join("/"));
  for (const el of document.querySelectorAll("[data-t]")) put(el, t(el.dataset.t));
  for (const el of document.querySelectorAll("[data-label]")) el.setAttribute("aria-label", t(el.dataset.label));
  for (const link of $("tabs").children) {
    if (link.hash === `#${wanted === "sheet" ? "history" : wanted}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  $("tabs").hidden = !ctx.paired;
  document.title = `${t(`app.${wanted}`)} – matpi`;
  const root = h("div", {class: `view view-${wanted}`});
  $("main").replaceChildren(root);
  // A view that is left before it has loaded must not begin to listen.
  const its = Object.assign(Object.create(ctx), {onState: fn => mine === shown ? ctx.onState(fn) : () => {}});
  await view.render(root, its);
  if (moved) {
    scrollTo(0, 0);
    $("main").focus({preventScroll: true});
  } else if (keep) document.querySelector(`[data-keep="${keep}"]`)?.focus({preventScroll: true});
  $("main").style.minHeight = "";
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return ""; // an address typed by hand
  }
}

const LANGUAGE = "matpi-language";
/** Return the language that was chosen for this browser, else the device's. */
function chosen(device) {
  try {
    return localStorage.getItem(LANGUAGE) ?? device;
  } catch {
    return device;
  }
}

async function speak(lang) {
  words.texts = await api(`/words/${lang}.json`);
  words.lang = ctx.lang = document.documentElement.lang = lang;
}

function unpair() {
  ctx.paired = false;
  hangUp();
  put($("link"), "");
  return show();
}

/** Begin: who we are to the device, its language, then the view. */
async function start() {
  try {
    ctx.hello = await api("/api/hello");
    await speak(chosen(ctx.hello.language));
  } catch (error) {
    // No text is loaded yet: the one sentence that stands in both languages.
    put($("main"), "The page of the mat does not answer. Trying again. – Die Seite der Matte antwortet nicht. Neuer Versuch läuft.");
    setTimeout(start, RETRY_MS);
    return;
  }
  ctx.paired = ctx.hello.paired;
  if (ctx.paired && !stream) listen();
  await show();
}

addEventListener("hashchange", event => {
  if (!shown) return undefined; // the start is still under way
  if (location.hash === "#main") return history.replaceState(null, "", event.oldURL); // the skip link
  return show();
});
start();
