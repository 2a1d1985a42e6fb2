// What came of it: money, points, what to say and to print; and how it is undone.

import { count, money, say, signed } from "./figures.js";
import { giveBack, takeOut } from "./post.js";
import { listed, quiet, tell } from "./screen.js";
import { show } from "./steps.js";

const at = (id) => document.getElementById(id);
const toPay = at("pay-label").textContent;

/** Show an answer of the server, or what is known without it. */
export function result(title, answer, number, note = "", undoable = true) {
  at("result-title").textContent = title;
  at("result-number").textContent = number;
  const differences = (answer.differences ?? []).map(difference);
  const items = (answer.take_back ?? []).map((each) => `${each.item} x ${each.count}`).join(", ");
  const notes = [note, ...differences, items && say("take", { items })].filter(Boolean).join(" ");
  at("result-note").textContent = notes;
  at("result-note").hidden = !notes;
  figures(answer);
  listed("screen", answer.screen ?? []);
  if (answer.coupons) {
    import("./coupons.js").then(({ told }) => listed("screen", [...answer.screen, ...told(answer.coupons)]));
  }
  at("slip").textContent = (answer.slip ?? []).join("\n");
  at("slip-box").hidden = !answer.slip?.length;
  at("undo-this").hidden = !undoable;
  show("result-step");
  const sum = answer.kind === "nothing" ? "" : `${at("pay-label").textContent} ${at("paid").textContent}`;
  tell([title, sum, notes].filter(Boolean).join(". "));
}

/** Where it came out otherwise than was promised. */
function difference({ what, given, quoted, why = "" }) {
  const told = ["to_pay", "discount", "payment"].includes(what) ? money : count;
  return say("less", { what: say(`what_${what}`), given: told(given), quoted: told(quoted), why });
}

function figures({ kind, refund_minor = 0, to_pay_minor = 0, points_earned = 0, points_spent = 0, balance }) {
  const back = kind === "return";
  at("result-tiles").hidden = kind === "nothing";
  at("paid").textContent = money(back ? refund_minor : to_pay_minor);
  at("pay-label").textContent = back ? say("refund") : toPay;
  for (const each of ["given", "balance"]) at(each).parentElement.hidden = !balance;
  at("given").textContent = signed(points_earned);
  at("taken").textContent = points_spent
    ? say(points_spent > 0 ? "spent" : "returned", { points: count(Math.abs(points_spent)) }) : "";
  at("balance").textContent = count(balance?.available ?? 0);
}

/** Goods come back, and what came of it is shown. Errors: No. */
export async function back(sale, lines, shift, facts) {
  quiet();
  if (!lines.length && (await takeOut(sale.number))) {
    return result(say("undone"), { kind: "nothing" }, sale.number, say("goneback"), false);
  }
  const { state, entry, answer } = await giveBack(sale, lines, shift, facts);
  const done = state === "done" && answer.kind !== "parked";
  const note = done ? "" : say(state === "done" ? "parked" : "blindback");
  return result(say(done ? "undone" : "waits"), done ? answer : { kind: "nothing" }, entry.number, note, false);
}
