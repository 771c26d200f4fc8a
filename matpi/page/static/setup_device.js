// What is about the device itself: the mat, the receivers, the data, the doctor and who may open this page.
import {LIMITS, ask, filePicker, follow, tell, withLines} from "./setup_fields.js";
import {button, draw, field, h, number, put, sure, t, when} from "./ui.js";

const group = (...children) => withLines(h("div", {class: "field"}, ...children));

// ---- the mat -------------------------------------------------------------------------------------------------------
/** Return the section of the mat; it follows the device's state. */
export function mat(ctx) {
  const kg = h("b", {}), about = h("p", {class: "small soft"}), is = h("p", {class: "small soft"}), zeroing = group();
  zeroing.prepend(h("div", {class: "row"},
    button(t("setup.zero"), () => said(zeroing, {do: "zero"})),
    button(t("setup.undo_zero"), () => said(zeroing, {do: "undo_zero"}), "quiet")), h("p", {class: "help"}, t("setup.zero_help")));

  /** Ask, and show what the device says where it was asked. */
  const said = async (el, request) => {
    const answer = await ask(ctx, el, request);
    if (answer) tell(el, answer.said.join(" ") || t("setup.done"), true);
    return answer;
  };

  // The calibration: its weight here, its steps on the device, mirrored.
  const weight = field(t("setup.weight"), h("input", {type: "text", inputmode: "decimal", autocomplete: "off", class: "short"}), t("setup.calibrate_help"));
  const kilograms = text => Number(text.replace(/\s*kg$/, "").replace(",", "."));
  const bound = text => {
    const value = text ? kilograms(text) : NaN;
    return value >= LIMITS.weight_min_kg && value <= LIMITS.weight_max_kg ? "" : t("setup.weight_bound", {min: LIMITS.weight_min_kg, max: LIMITS.weight_max_kg});
  };
  weight.input.addEventListener("input", () => tell(weight, bound(weight.input.value.trim())));
  let ours = false, ran = false;
  const begin = button(t("setup.calibrate_begin"), async () => {
    const text = weight.input.value.trim(), wrong = bound(text);
    if (wrong) {
      tell(weight, wrong);
      weight.input.focus();
      return;
    }
    ours = true; // the state may be here before the answer
    if (!await ask(ctx, weight, {do: "calibrate", weight_kg: kilograms(text)})) ours = false;
  }, "primary");
  const start = h("div", {class: "stack tight"}, weight, h("div", {class: "row"}, begin));
  const canvas = h("canvas", {width: 128, height: 64, role: "img"}), spoken = h("p", {class: "spoken", "aria-live": "polite"}), pressed = group();
  const hold = button("", () => ask(ctx, pressed, {do: "press", how: "hold"}), "primary"), tap = button("", () => ask(ctx, pressed, {do: "press", how: "tap"}));
  pressed.prepend(h("div", {class: "row"}, hold, tap));
  const steps = h("div", {class: "stack tight", hidden: true}, h("p", {}, t("setup.calibrate_now")), h("div", {class: "glass"}, canvas), spoken, pressed);
  const over = h("p", {class: "small", "aria-live": "polite"});

  let frame = "";
  const hear = state => {
    put(kg, !state || state.silent || state.kg === null ? "–" : number(Math.abs(state.kg) < 0.05 ? 0 : state.kg, 1)); // never "-0.0"
    put(about, !state || state.silent ? t("setup.mat_unknown") : state.approximate ? t("setup.mat_about") : t("setup.mat_measured"));
    put(is, !state ? ctx.off || t("setup.offline") : state.silent ? t("setup.mat_silent") : t(`setup.mat_${state.load}`));
    put(known, t(state?.calibrated ? "setup.calibrate_is" : "setup.calibrate_never"));
    known.hidden = !state;
    const calibrating = state?.front === "CALIBRATING";
    if (calibrating && steps.hidden) {
      // Begun at the device, a tap may also mean "10 more": then the buttons are only what they press.
      put(hold, t(ours ? "setup.calibrate_go_on" : "setup.press_hold"));
      put(tap, t(ours ? "setup.calibrate_stop" : "setup.press_tap"));
      put(over, "");
      if (ours) setTimeout(() => hold.focus());
      ran = true;
    }
    if (!calibrating && ran && state) {
      put(over, t("setup.calibrate_over"));
      [ours, ran] = [false, false];
    }
    if (state) [steps.hidden, start.hidden] = [!calibrating, calibrating];
    if (calibrating) {
      if (state.frame !== frame) draw(canvas, frame = state.frame);
      put(spoken, state.spoken);
      spoken.lang = state.language;
      canvas.setAttribute("aria-label", t("setup.panel_of"));
    }
  };
  const known = h("p", {class: "small"});
  hear(ctx.state);
  ctx.onState(hear);
  return [
    h("div", {class: "load"}, h("p", {class: "label"}, t("setup.mat_load")), h("p", {class: "kg"}, kg, " kg"), about, is),
    zeroing, h("h3", {}, t("setup.calibrate")), known, start, steps, over,
  ];
}

// ---- the receivers -------------------------------------------------------------------------------------------------
export function receivers(ctx, sinks) {
  if (!sinks) return [h("p", {class: "soft"}, t("setup.failed"))];
  if (!sinks.length) return [h("p", {class: "soft"}, t("setup.receivers_none"))];
  const one = sink => {
    const el = group(h("p", {}, h("b", {}, sink.name), " ", h("span", {class: "chip"}, sink.kind)), h("p", {class: "small soft"}, sink.url), h("p", {class: "small"}, sink.state));
    const go = what => async () => {
      const answer = await ask(ctx, el, {do: what, name: sink.name});
      if (answer) tell(el, answer.said.join(" ") || t("setup.done"), true);
    };
    el.insertBefore(h("div", {class: "row"},
      button(t("setup.receiver_test"), go("upstream_test"), "", {"aria-label": `${t("setup.receiver_test")}: ${sink.name}`}),
      button(t("setup.receiver_retry"), go("upstream_retry"), "quiet", {"aria-label": `${t("setup.receiver_retry")}: ${sink.name}`})), el.querySelector(".error"));
    return h("li", {}, el);
  };
  return [h("p", {class: "help"}, t("setup.receivers_help")), h("ul", {class: "list"}, sinks.map(one))];
}

// ---- the data ------------------------------------------------------------------------------------------------------
const CSV = ["sessions", "edits", "ratings", "stops", "days", "people", "looser"];

/** `whose()`: a select of names for an import, null with fewer than two people. */
export function data(ctx, whose, changed) {
  const link = (href, label, help) => h("div", {class: "field"}, h("a", {href, download: "", class: "button"}, label), h("p", {class: "help"}, help));
  const file = h("input", {type: "file", accept: ".json,.db,application/json"}), person = whose();
  const taking = group(h("p", {class: "help"}, t("setup.import_help", {max: LIMITS.import_mib})));
  file.addEventListener("change", async () => {
    const [chosen] = file.files;
    file.value = "";
    if (!chosen) return;
    if (chosen.size > LIMITS.import_mib * 2 ** 20) return tell(taking, t("setup.import_bound", {max: LIMITS.import_mib}));
    tell(taking, t("setup.import_busy"), true);
    const name = person?.input.value;
    try {
      const answer = await ctx.api(`/api/import${name ? `?person=${encodeURIComponent(name)}` : ""}`, chosen);
      tell(taking, answer.said.join("\n"), true);
      changed();
    } catch (error) {
      if (error.status === undefined) throw error;
      tell(taking, error.message);
    }
  });
  taking.prepend(...(person ? [person] : []), h("div", {class: "row"}, filePicker(t("setup.import"), file)));

  const recording = group(), saved = h("a", {class: "button quiet", download: "", hidden: true}, t("setup.record_link"));
  recording.prepend(h("div", {class: "row"}, button(t("setup.record"), async () => {
    const answer = await ask(ctx, recording, {do: "record"});
    if (!answer) return;
    tell(recording, answer.said.join(" "), true);
    saved.href = `/recordings/${encodeURIComponent(answer.data.name)}`;
    saved.hidden = false;
  }), saved), h("p", {class: "help"}, t("setup.record_help")));

  const words = t("setup.delete_words"), typed = field(t("setup.delete_type", {words}), h("input", {type: "text", autocomplete: "off", spellcheck: "false", autocapitalize: "off"}));
  const remove = button(t("setup.delete_do"), async () => {
    const answer = await ask(ctx, typed, {do: "delete_everything", sure: "delete everything"});
    if (!answer) return;
    typed.input.value = "";
    remove.disabled = true;
    tell(typed, answer.said.join(" "), true);
    changed();
  }, "danger", {disabled: true});
  typed.input.addEventListener("input", () => {
    const text = typed.input.value.trim().toLowerCase();
    remove.disabled = text !== words;
    tell(typed, words.startsWith(text) ? "" : t("setup.delete_bound", {words}));
  });
  return [
    h("p", {class: "help"}, t("setup.data_help")),
    link("/export.json", t("setup.export_json"), t("setup.export_json_help")),
    h("div", {class: "field"}, h("p", {class: "label"}, t("setup.export_csv")), h("p", {class: "row csv"}, CSV.map(name => h("a", {href: `/export/${name}.csv`, download: ""}, t(`setup.csv_${name}`)))), h("p", {class: "help"}, t("setup.export_csv_help"))),
    link("/backup.db", t("setup.backup"), t("setup.backup_help")),
    taking, recording,
    h("h3", {}, t("setup.delete")), h("p", {class: "help"}, t("setup.delete_help")), typed, h("div", {class: "row"}, remove),
  ];
}

// ---- the doctor ----------------------------------------------------------------------------------------------------
const WORST = ["FAIL", "WARN", "OK", "SKIPPED"];

export function doctor(ctx) {
  const sum = h("p", {class: "soft", role: "status"}), list = h("ul", {class: "list checks"});
  const run = button(t("setup.doctor_run"), async () => {
    put(sum, t("setup.doctor_busy"));
    list.replaceChildren();
    try {
      const {checks} = await ctx.api("/api/doctor");
      put(sum, t(`setup.doctor_sum_${WORST.slice(0, 2).find(verdict => checks.some(check => check.verdict === verdict)) ?? "OK"}`));
      const at = check => WORST.indexOf(check.verdict);
      list.append(...checks.sort((one, other) => at(one) - at(other)).map(check => h("li", {class: `check-${check.verdict}`},
        h("p", {}, h("b", {}, `${check.part} ${check.name}`), " ", h("span", {class: check.verdict === "FAIL" || check.verdict === "WARN" ? "chip warn" : "chip"}, t(`setup.verdict_${check.verdict}`))),
        h("p", {class: "small"}, check.sentence), check.do ? h("p", {class: "small do"}, check.do) : null)));
    } catch (error) {
      if (error.status === undefined) throw error;
      put(sum, error.message);
    }
  });
  return [h("p", {class: "help"}, t("setup.doctor_help")), h("div", {class: "row"}, run), sum, list];
}

// ---- the browsers --------------------------------------------------------------------------------------------------
const dated = time => when(typeof time === "number" ? new Date(time * 1000).toISOString() : time);

export function browsers(ctx, devices, again) {
  if (!devices) return [h("p", {class: "soft"}, t("setup.failed"))];
  const line = group();
  const one = device => {
    const remove = async () => {
      if (device.this && !await sure(t("setup.browsers"), t("setup.browser_revoke_this"), t("setup.browser_revoke"))) return;
      try {
        await ctx.api("/api/revoke", {id: device.id});
      } catch (error) {
        if (error.status === undefined) throw error;
        tell(line, error.message);
        return;
      }
      if (device.this) ctx.restart();
      else again();
    };
    return h("li", {class: "row apart"},
      h("div", {}, h("p", {}, h("b", {}, device.name), " ", device.this ? h("span", {class: "chip"}, t("setup.browser_this")) : null), device.seen ? h("p", {class: "small soft"}, t("setup.browser_seen", {when: dated(device.seen)})) : null),
      button(t("setup.browser_revoke"), remove, "", {"aria-label": t("setup.browser_revoke_which", {name: device.name})}));
  };
  return [h("p", {class: "help"}, t("setup.browsers_help")), h("ul", {class: "list"}, devices.map(one)), line];
}
