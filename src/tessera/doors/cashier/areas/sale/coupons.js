// Coupons of a basket: scanned or typed, how each stands, and what became of them.

import { make } from "/web/forms.js";
import { say } from "./figures.js";

const at = (id) => document.getElementById(id);

/** A sentence for each coupon of an answer. */
export function told(coupons = []) {
  return coupons.map(({ code, state, why = "" }) => say("coupon", { code, state: say(`coupon_${state}`), why }).trim());
}

/** The list of a basket's coupons; changed: called when one is taken out. */
export function draw({ coupons: codes, wrong, told: answered }, changed) {
  const known = [...answered, ...wrong.map((code) => ({ code, state: "unknown" }))];
  const how = (code) => told(known.filter((each) => each.code === code))[0] ?? code;
  at("coupons").replaceChildren(...codes.map((code, index) => {
    const out = make("button", { type: "button", class: "bare", "aria-label": `${say("remove")}: ${code}` }, "×");
    out.addEventListener("click", () => {
      codes.splice(index, 1);
      changed();
      at("coupon").focus();
    });
    return make("li", {}, make("span", {}, how(code)), out);
  }));
}
