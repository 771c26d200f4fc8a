// The way in for a browser that is not paired yet.
import {h} from "./ui.js";

export function render(root, ctx) {
  root.append(h("h1", {}, ctx.t("app.pair")));
}
