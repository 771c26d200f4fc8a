// Elements, texts, dates and dialogs: what every view is made with.

// ---- texts -------------------------------------------------------------------------------------------------------
export const words = {lang: "en", texts: {}};

/** Return the text of a key, its {values} filled in. With n = 1 the text of KEY_one, where there is one. */
export function t(key, values = {}) {
  const text = (values.n === 1 && words.texts[`${key}_one`]) || words.texts[key] || key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** Return a number as the language writes it. */
export const number = (value, digits = 0) => value.toLocaleString(words.lang, {minimumFractionDigits: digits, maximumFractionDigits: digits});

/** Return minutes and seconds, "12:34", of seconds. */
export const clock = seconds => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

const formats = new Map(); // a format takes longer to make than a hundred dates to write

/** Return a moment or day in the language: the wall time that an ISO text names, whatever zone the browser is in. */
export function when(iso, options = {weekday: "short", day: "numeric", month: "short"}) {
  const [, y, m, d, hh = 0, mm = 0] = /^(\d+)-(\d+)-(\d+)(?:T(\d+):(\d+))?/.exec(iso).map(Number);
  const key = words.lang + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(words.lang === "en" ? "en-GB" : words.lang, {timeZone: "UTC", ...options}));
  return formats.get(key).format(Date.UTC(y, m - 1, d, hh || 0, mm || 0));
}

/** Return the time of day, "21:05", of an ISO text. */
export const hm = iso => iso.slice(11, 16);

// ---- elements ----------------------------------------------------------------------------------------------------
const PROPERTIES = new Set(["value", "checked", "disabled", "hidden", "indeterminate"]);

function fill(el, attrs, children) {
  for (const [name, value] of Object.entries(attrs)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) el.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [key, set] of Object.entries(value)) el.style.setProperty(key, set); // CSP: no style=""
    else if (PROPERTIES.has(name)) el[name] = value;
    else el.setAttribute(name, value === true ? "" : value);
  }
  el.append(...children.flat().filter(child => child !== null && child !== undefined && child !== false && child !== ""));
  return el;
}

/** Make an element: h("button", {class: "primary", onclick}, "Save"). */
export const h = (tag, attrs = {}, ...children) => fill(document.createElement(tag), attrs, children);

/** Make an SVG element, with presentation attributes. */
export const svg = (tag, attrs = {}, ...children) => fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attrs, children);

/** Set a text only if it differs: screen readers read what is set. */
export function put(el, text) {
  if (el.textContent !== text) el.textContent = text;
}

/** Draw the device's panel: base64 of 1024 bytes, rows of 128 x 64 dots, the most significant bit on the left. */
export function draw(canvas, frame) {
  const bits = Uint8Array.from(atob(frame), letter => letter.charCodeAt(0)), picture = new ImageData(128, 64);
  for (let n = 0; n < 128 * 64; n++) picture.data.set(bits[n >> 3] >> 7 - (n & 7) & 1 ? [170, 221, 255, 255] : [0, 0, 0, 255], 4 * n);
  canvas.getContext("2d").putImageData(picture, 0, 0);
}

let made = 0;
/** Put an input with its label, help and a place for its error; the result has `.input` and `.fail(sentence or "")`. */
export function field(label, input, help = "") {
  const id = (input.id ||= `field-${++made}`), error = h("p", {class: "error", id: `${id}-error`, "aria-live": "polite"});
  const el = h("div", {class: "field"}, h("label", {for: id}, label), input, help && h("p", {class: "help", id: `${id}-help`}, help), error);
  input.setAttribute("aria-describedby", help ? `${id}-help ${id}-error` : `${id}-error`);
  el.input = input;
  el.fail = sentence => {
    put(error, sentence);
    if (sentence) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  };
  return el;
}

/** Put radio buttons in one bar: choices are [value, label]; the result is a fieldset with `.value`. */
export function choice(label, choices, chosen, onchange = () => {}) {
  const name = `choice-${++made}`;
  const el = h("fieldset", {class: "field"}, h("legend", {}, label), h("div", {class: "choice"}, choices.map(([value, text]) =>
    h("label", {}, h("input", {type: "radio", name, value, checked: value === chosen, onchange: () => onchange(value)}), text))));
  Object.defineProperty(el, "value", {get: () => el.querySelector("input:checked")?.value ?? null});
  return el;
}

/** Run `work` with the button busy, so that a second press does nothing. */
export async function busy(button, work) {
  if (button.getAttribute("aria-busy") === "true") return undefined;
  button.setAttribute("aria-busy", "true");
  try {
    return await work();
  } finally {
    button.removeAttribute("aria-busy");
  }
}

/** Make a button that is busy while its work runs. `kind`: primary, quiet, danger or "". */
export function button(label, work, kind = "", attrs = {}) {
  const el = h("button", {type: "button", class: kind || null, ...attrs, onclick: () => busy(el, work)}, label);
  return el;
}

// ---- messages ----------------------------------------------------------------------------------------------------
const TOAST_MS = 6000;

/** Show a sentence for 6 s; `undo` is [label, work]: then it is shown for 12 s. `kind`: "" or "warn". */
export function toast(sentence, kind = "", undo = null) {
  const el = h("div", {class: `toast ${kind}`}, h("span", {}, sentence));
  if (undo) el.append(button(undo[0], async () => { el.remove(); await undo[1](); }));
  const all = document.getElementById("toasts");
  while (all.children.length > 2) all.firstChild.remove();
  // A modal dialog covers the page, its toasts as well: they are shown inside it then.
  (document.querySelector("dialog[open]") ?? document.body).append(all);
  all.append(el);
  setTimeout(() => el.remove(), undo ? 2 * TOAST_MS : TOAST_MS);
}

/**
 * Ask in a dialog; return the value of the action taken, null when it was closed.
 * `actions` are {label, value, kind, run}: `run` may return false, and the dialog stays open.
 */
export function dialog(title, body, actions) {
  return new Promise(resolve => {
    let value = null;
    const heading = h("h2", {id: `dialog-${++made}`}, title), before = document.activeElement;
    const el = h("dialog", {"aria-labelledby": heading.id}, heading, h("div", {class: "stack"}, body));
    el.append(h("div", {class: "actions"}, actions.map(action => button(action.label, async () => {
      if (action.run && await action.run() === false) return;
      value = action.value ?? true;
      el.close();
    }, action.kind))));
    el.addEventListener("close", () => {
      document.body.append(document.getElementById("toasts"));
      el.remove();
      // What opened it may have been drawn anew since.
      (before?.isConnected ? before : document.querySelector(`[data-key="${before?.dataset.key}"]`))?.focus();
      resolve(value);
    });
    document.body.append(el);
    el.showModal();
  });
}

/** Ask whether to do it; return true or null. */
export const sure = (title, sentence, label, kind = "danger") =>
  dialog(title, h("p", {}, sentence), [{label: t("app.cancel"), value: false, kind: "quiet"}, {label, kind}]).then(answer => answer || null);
