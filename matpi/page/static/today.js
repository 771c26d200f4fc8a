// Today: the mat as it is now.
import {h} from "./ui.js";

export function render(root, ctx) {
  root.append(h("h1", {}, ctx.t("app.today")));
}
