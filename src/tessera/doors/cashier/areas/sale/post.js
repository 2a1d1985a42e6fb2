// Entries: receipts and returns of this device. Written down first, then sent; sent later if the line
// is cut; taken back. An entry: {number, serial, kind, key, body, state, spent, allowance, at, tried}.
// state: open (in hand), queued, refused (later, with code and why).

import { all, fresh, next, posted, writing } from "./book.js";
import { call, Cut, line, No } from "./line.js";

const OPERATION = { sale: "receipt.confirm", return: "receipt.return" };
const FIRST_MS = 3000;
const MOST_MS = 60_000;
const inHand = new Set();
let pause = FIRST_MS;
let timer = 0;

/** What points are worth under an allowance, in minor units. */
export const worth = (allowance, points) =>
  Math.floor(points / allowance.step) * allowance.worth_minor;

/** How many points it lets go of on a basket: whole steps, within its share. */
export function most({ left, step, worth_minor, max_percent }, total) {
  const payable = Math.floor((total * max_percent) / 100);
  return Math.floor(Math.min(left / step, payable / worth_minor)) * step;
}

/** Now, as this device's clock and zone say it. */
export function nowTold() {
  const now = new Date();
  const off = -now.getTimezoneOffset();
  const two = (number) => String(Math.trunc(Math.abs(number))).padStart(2, "0");
  const here = new Date(now.getTime() + off * 60_000).toISOString().slice(0, -1);
  return `${here}${off < 0 ? "-" : "+"}${two(off / 60)}:${two(off % 60)}`;
}

function changed() {
  dispatchEvent(new CustomEvent("queue"));
}

/** Write an entry down, with its number, inside a transaction. */
async function write(at, kind, state, body, facts) {
  const { number, serial } = await next(at);
  const entry = {
    number, serial, kind, key: fresh(kind[0]), state, at: Date.now(), tried: 0, spent: 0,
    allowance: null, facts, body: { ...body, number },
  };
  await at("queue").put(entry, number);
  return entry;
}

/** Cover the points of an entry by an allowance, inside a transaction. Errors: it has changed. */
async function cover(at, entry, allowance, more = {}) {
  const covered = { ...entry, ...more, body: { ...entry.body, offline: true } };
  if (entry.spent) {
    const kept = await at("allowances").get(allowance.name);
    if (!kept || kept.token !== allowance.token || kept.points - kept.used < entry.spent) {
      throw new Error("the allowance has changed");
    }
    await at("allowances").put({ ...kept, used: kept.used + entry.spent }, allowance.name);
    covered.allowance = allowance.name;
    covered.body.allowance = allowance.token;
  }
  await at("queue").put(covered, entry.number);
  return covered;
}

/**
 * Sell. body: a receipt without number; allowance: what covers its points without the line.
 * Answers {state: "done", answer} or {state: "queued", off} or {state: "void"}.
 * Errors: No, the cashier can mend it.
 */
export async function sell(body, allowance, facts) {
  const spent = body.spend?.points ?? 0;
  const cut = line() === "cut";
  if (cut && spent && !allowance) return { state: "void" };
  const entry = await writing(async (at) => {
    const made = { ...(await write(at, "sale", "open", body, facts)), spent };
    return cut ? cover(at, made, allowance, { state: "queued" }) : made;
  });
  return cut ? kept(entry, allowance) : tried(entry, allowance);
}

/** Give goods back. sale: what names it; lines: [{line, quantity}], empty: all that is left. */
export async function giveBack(sale, lines, shift, facts) {
  const body = {
    sale, store: shift.store, till: shift.till, cashier_id: shift.cashier, happened_at: nowTold(), lines,
  };
  const cut = line() === "cut";
  const entry = await writing((at) => write(at, "return", cut ? "queued" : "open", body, facts));
  return cut ? kept(entry, null) : tried(entry, null);
}

function kept(entry, allowance) {
  changed();
  soon();
  const off = entry.spent && allowance ? worth(allowance, entry.spent) : 0;
  return { state: "queued", entry, off };
}

async function tried(entry, allowance) {
  changed();
  try {
    return { state: "done", entry, answer: await hand(entry) };
  } catch (error) {
    if (!(error instanceof Cut)) throw error;
    return letGo(entry, allowance, error.sent);
  }
}

/** Send an entry while somebody waits. Errors: No (it is out of the queue then), Cut. */
async function hand(entry) {
  inHand.add(entry.number);
  try {
    const answer = await call(OPERATION[entry.kind], entry.body, { key: entry.key });
    await settle(entry, answer);
    return answer;
  } catch (error) {
    if (error instanceof No) await writing((at) => at("queue").drop(entry.number));
    throw error;
  } finally {
    inHand.delete(entry.number);
    changed();
  }
}

/** The answer was lost: the same words wait; with points, other words or none. */
async function letGo(entry, allowance, sent) {
  const waits = await writing(async (at) => {
    const more = { state: "queued", tried: 1 };
    if (!entry.spent) await at("queue").put({ ...entry, ...more }, entry.number);
    else if (allowance) await cover(at, entry, allowance, { ...more, key: fresh("s") });
    else await at("queue").drop(entry.number);
    if (!entry.spent || allowance) return true;
    const { store, till, cashier_id } = entry.body;
    const reason = "void: the line was cut";
    const body = { sale: saleOf(entry.body), store, till, cashier_id, happened_at: nowTold(), reason };
    if (sent) await write(at, "return", "queued", body, entry.facts);
    return false;
  });
  const told = kept(entry, allowance);
  return waits ? told : { state: "void", entry };
}

/** What names a receipt of this device. */
export const saleOf = ({ store, till, business_date, number }) =>
  ({ store, till, business_date, shift: "", number });

/** Undo a sale that waits. True: it was never sent, and is gone. False: give it back. */
export async function takeOut(number) {
  const gone = await writing(async (at) => {
    const entry = await at("queue").get(number);
    if (!entry || entry.tried || entry.state !== "queued" || inHand.has(number)) return false;
    await at("queue").drop(number);
    const kept = entry.allowance && (await at("allowances").get(entry.allowance));
    if (kept) {
      const used = Math.max(kept.used - entry.spent, 0);
      await at("allowances").put({ ...kept, used }, entry.allowance);
    }
    return true;
  });
  changed();
  return gone;
}

async function settle(entry, answer) {
  await writing(async (at) => {
    await at("queue").drop(entry.number);
    const { number, serial, kind, facts, at: made } = entry;
    if (kind !== "sale") return;
    const { store, till, business_date, total_minor, lines } = entry.body;
    await posted(at, {
      number, serial, facts, at: made, store, till, business_date, total_minor, lines,
      to_pay_minor: answer.to_pay_minor ?? total_minor,
    });
  });
}

/** What waits, oldest first. */
export async function waiting() {
  return (await all("queue")).sort((a, b) => a.serial - b.serial);
}

/** Send what waits, one tab at a time; again by itself while something does. */
export async function send() {
  const locks = navigator.locks;
  if (!locks) return run();
  return locks.request("tessera-till", { ifAvailable: true }, (lock) => (lock ? run() : soon()));
}

async function run() {
  clearTimeout(timer);
  for (const entry of await waiting()) {
    if (entry.state === "refused" || inHand.has(entry.number)) continue;
    try {
      await later(entry);
      pause = FIRST_MS;
    } catch {
      pause = Math.min(pause * 2, MOST_MS);
      break;
    }
  }
  changed();
  if ((await waiting()).some((each) => each.state !== "refused")) soon();
}

/** Try again by and by. */
export function soon() {
  clearTimeout(timer);
  timer = setTimeout(send, pause);
}

async function later(entry) {
  await writing((at) => at("queue").put({ ...entry, state: "queued", tried: entry.tried + 1 }, entry.number));
  try {
    await settle(entry, await call(OPERATION[entry.kind], entry.body, { key: entry.key }));
  } catch (error) {
    if (!(error instanceof No) || error.status === 401 || error.status === 403) throw error;
    const same = error.code === "receipt_known" && (await isThis(entry, error));
    if (same) return settle(entry, same);
    const { code, why, cure } = error;
    await writing((at) => at("queue").put({ ...entry, state: "refused", code, why, cure }, entry.number));
  }
}

/** The receipt that is there under this number, if it is this one. */
async function isThis(entry, error) {
  if (!error.receipt_id) return null;
  const told = await call("receipt.read", null, { path: { receipt_id: error.receipt_id } });
  const moment = Date.parse(told.happened_at) === Date.parse(entry.body.happened_at);
  const gross = entry.kind === "return" || told.gross_minor === entry.body.total_minor;
  return moment && gross && told.kind === entry.kind ? told : null;
}

/** Send a refused entry once more, or give it up for good. */
export async function decide(number, again) {
  await writing(async (at) => {
    const entry = await at("queue").get(number);
    if (!entry) return;
    if (again) await at("queue").put({ ...entry, state: "queued", code: "", why: "" }, number);
    else await at("queue").drop(number);
  });
  changed();
  if (again) await send();
}

addEventListener("online", () => {
  pause = FIRST_MS;
  send();
});
