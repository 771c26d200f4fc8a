// The way in for a browser that is not paired yet: what this is, and the code of the panel.
import {busy, field, h, t} from "./ui.js";

/** Return a name for this browser in the list of paired ones, "Firefox, Android". */
function nameOf(agent) {
  const first = names => names.find(([mark]) => agent.includes(mark))?.[1];
  const browser = first([["Firefox", "Firefox"], ["FxiOS", "Firefox"], ["Edg", "Edge"], ["OPR", "Opera"], ["SamsungBrowser", "Samsung Internet"], ["Chrome", "Chrome"], ["CriOS", "Chrome"], ["Safari", "Safari"]]);
  const system = first([["iPhone", "iPhone"], ["iPad", "iPad"], ["Android", "Android"], ["Windows", "Windows"], ["CrOS", "ChromeOS"], ["Mac OS", "Mac"], ["Linux", "Linux"]]);
  return [browser, system].filter(Boolean).join(", ") || t("pair.browser");
}

export function render(root, ctx) {
  const input = h("input", {name: "code", class: "code", inputmode: "numeric", autocomplete: "one-time-code", maxlength: 6, required: true, spellcheck: "false", autocapitalize: "off"});
  const code = field(t("pair.code"), input, t("pair.code_help")), send = h("button", {class: "primary"}, t("pair.pair"));
  input.addEventListener("input", () => {
    input.value = input.value.replace(/\D/g, "");
    code.fail("");
  });
  const form = h("form", {class: "stack tight", novalidate: true}, code, send);
  form.addEventListener("submit", event => {
    event.preventDefault();
    busy(send, pair);
  });
  async function pair() {
    if (input.value.length !== 6) {
      code.fail(t("pair.six"));
      return input.focus();
    }
    try {
      await ctx.api("/api/pair", {code: input.value, name: nameOf(navigator.userAgent)});
    } catch (error) {
      code.fail(error.message);
      input.select();
      return undefined;
    }
    return ctx.restart();
  }
  root.append(
    h("section", {class: "card stack"}, h("h1", {}, t("pair.title")), h("p", {}, t("pair.what")), ctx.hello.running ? null : h("p", {class: "notice warn"}, t("pair.device_off")),
      h("ol", {class: "steps"}, ["menu", "hold", "type"].map(step => h("li", {}, t(`pair.step.${step}`)))), form),
    h("section", {class: "stack tight small soft"}, h("p", {}, t("pair.everyone")), h("p", {}, t("pair.plain")), h("p", {}, t("pair.version", {version: ctx.hello.version}))));
}
