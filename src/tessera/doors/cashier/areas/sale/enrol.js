// A new member, with a card or a phone, and what was signed on paper.

import { fresh } from "./book.js";
import { say } from "./figures.js";
import { call, No } from "./line.js";
import { fault, quiet, tell } from "./screen.js";
import { show } from "./steps.js";

const form = document.getElementById("enrol");
const alike = document.getElementById("alike");
let then = null;
let seen = "";
let key = "";

/** Ask who it is. took(text): go on with the new member; identifier: what was typed already. */
export function enrol(took, identifier = null) {
  if (!then) form.addEventListener("submit", register);
  then = took;
  quiet();
  form.reset();
  alike.hidden = true;
  [seen, key] = ["", fresh("m")];
  const field = { card: "new-card", phone: "new-phone" }[identifier?.kind];
  if (field) form.elements[field].value = identifier.value;
  show("enrol-step");
  if (field) form.elements[field === "new-card" ? "new-phone" : "given"].focus();
}

function told() {
  const { elements } = form;
  const text = (name) => elements[name]?.value.trim() ?? "";
  const identifiers = [["card", text("new-card")], ["phone", text("new-phone")]]
    .filter(([, value]) => value)
    .map(([kind, value]) => ({ kind, value: kind === "card" ? value.replace(/\s/g, "") : value }));
  const said = { identifiers, given_name: text("given"), family_name: text("family"), language: text("language") };
  if (text("born")) said.born_on = text("born");
  const agreed = [...form.querySelectorAll("[name=consent]:checked")].map((each) => each.value.split(" "));
  if (agreed.length) {
    said.consents = agreed.map(([purpose, channel]) => ({ purpose, channel, given: true }));
    said.proof = text("proof");
  }
  return said;
}

/** Somebody who looks like this one; told once, and then it is the cashier's word that counts. */
async function twin(body) {
  const phones = body.identifiers.filter((each) => each.kind === "phone");
  const asked = JSON.stringify([body.given_name, body.family_name, phones]);
  if (seen === asked || !(body.given_name && body.family_name)) return false;
  seen = asked;
  const { given_name, family_name, born_on } = body;
  const near = await call("duplicate.near", { given_name, family_name, born_on, identifiers: phones })
    .catch((error) => (error instanceof No ? { items: [] } : Promise.reject(error)));
  const strong = near.items.filter((each) => each.grade !== "possible").map((each) =>
    [each.member.name, ...each.member.identifiers].join(", "));
  alike.hidden = !strong.length;
  alike.querySelector(".notice > div").textContent = say("near", { who: strong.slice(0, 3).join("; ") });
  return strong.length > 0;
}

async function register(event) {
  event.preventDefault();
  const button = form.querySelector("button.main");
  if (button.disabled) return;
  button.disabled = true;
  try {
    const body = told();
    if (await twin(body)) return;
    await call("member.register", body, { key });
    const [{ value }] = body.identifiers;
    await then(value);
    tell(say("enrolled"));
  } catch (error) {
    key = fresh("m");
    fault(error);
  } finally {
    button.disabled = false;
  }
}
