// What is said: to who sees the page, and to who has it read out.

import { make } from "/web/forms.js";
import { say } from "./figures.js";
import { Cut, No } from "./line.js";

const at = (id) => document.getElementById(id);

/** Read out. */
export function tell(text) {
  at("say").textContent = text;
}

/** A list of sentences; an empty one is not seen. */
export function listed(id, texts) {
  at(id).replaceChildren(...texts.filter(Boolean).map((each) => make("li", {}, each)));
}

/** Why something cannot be. What is our own mistake is thrown on. */
export function fault(error) {
  const { why = error.message, cure = "" } = error;
  at("fault").querySelector(".notice > div").replaceChildren(
    make("p", {}, make("b", {}, why)), ...(cure ? [make("p", {}, cure)] : []));
  at("fault").hidden = false;
  if (!(error instanceof No || error instanceof Cut || error.plain)) throw error;
}

/** Nothing is wrong any more. */
export function quiet() {
  at("fault").hidden = true;
}

/** Say by one of the page's own sentences what is missing. */
export const plainly = (name, values) => fault({ plain: true, why: say(name, values) });
