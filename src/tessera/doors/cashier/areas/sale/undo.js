// Goods come back: the receipts of this device, whole or by lines; others by their number.

import { all } from "./book.js";
import { count, moment, money, say } from "./figures.js";
import { make } from "/web/forms.js";
import { saleOf, waiting } from "./post.js";
import { back } from "./result.js";
import { fault, quiet } from "./screen.js";
import { show } from "./steps.js";

const MOST_SHOWN = 12;
const at = (id) => document.getElementById(id);
let shift = null;
let chosen = null;

/** Show what was sold here, the newest first. */
export async function undo(by) {
  if (!shift) wire();
  shift = by;
  quiet();
  const waits = (await waiting()).filter((each) => each.kind === "sale").map((each) => ({
    ...each.body, serial: each.serial, facts: each.facts, at: each.at, to_pay_minor: each.body.total_minor,
  }));
  const found = [...(await all("done")), ...waits].sort((a, b) => b.serial - a.serial);
  at("return").hidden = true;
  at("recent").hidden = false;
  at("recent").replaceChildren(...found.slice(0, MOST_SHOWN).map(row));
  if (!found.length) at("recent").append(make("li", { class: "mute" }, say("none")));
  at("else-till").value = shift.till;
  show("undo-step");
  at("recent").querySelector("button")?.focus();
}

function row(entry) {
  const button = make("button", { type: "button" },
    make("span", {}, [moment(entry.at), entry.facts?.name, entry.number].filter(Boolean).join(" · ")),
    make("b", {}, money(entry.to_pay_minor)));
  button.addEventListener("click", () => choose(entry));
  return make("li", {}, button);
}

function choose(entry) {
  chosen = entry;
  at("recent").hidden = true;
  at("return").hidden = false;
  at("return-title").textContent = `${say("sale")} ${entry.number}, ${money(entry.to_pay_minor)}`;
  const single = entry.lines.length === 1 && entry.lines[0].quantity === 1;
  at("return-lines").replaceChildren(...(single ? [] : entry.lines.map(line)));
  at("return-do").hidden = single;
  at("return-all").className = single ? "main" : "";
  (single ? at("return-all") : at("return-lines").querySelector("input")).focus();
}

function line(each, index) {
  const name = `${say("line", { number: count(index + 1) })}: ${each.sku}`;
  return make("li", {}, make("span", {}, each.sku),
    make("span", { class: "mute num" }, say("lines", { quantity: count(each.quantity), price: money(each.unit_minor) })),
    make("input", { type: "number", min: 0, max: each.quantity, value: 0, inputmode: "numeric", "aria-label": name }));
}

function wire() {
  at("return").addEventListener("submit", (event) => {
    event.preventDefault();
    const lines = [...at("return-lines").querySelectorAll("input")]
      .map((each, index) => ({ line: index + 1, quantity: Number(each.value) }))
      .filter((each) => each.quantity > 0);
    if (lines.length) give(saleOf(chosen), lines);
  });
  at("return-all").addEventListener("click", () => give(saleOf(chosen), []));
  at("elsewhere").addEventListener("submit", (event) => {
    event.preventDefault();
    const { number, day, till } = event.target.elements;
    const { store } = shift;
    chosen = null;
    give(saleOf({ store, till: till.value.trim(), business_date: day.value, number: number.value.trim() }), []);
  });
}

const give = (sale, lines) => back(sale, lines, shift, chosen?.facts).catch(fault);
