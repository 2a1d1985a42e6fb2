// Card, basket, result: three steps, by keyboard or by finger.

import { agreed, make } from "/web/forms.js";
import { fresh } from "./book.js";
import { guessed, rhythm } from "./card.js";
import { clock, count, minor, money, say, signed, spaced } from "./figures.js";
import { call, Cut, line, whose } from "./line.js";
import { most, nowTold, saleOf, sell, send, worth } from "./post.js";
import { back, result } from "./result.js";
import { fault, listed, plainly, quiet, tell } from "./screen.js";
import { show } from "./steps.js";
import { watch } from "./waiting.js";

const TYPING_MS = 250;
const AMOUNT = "AMOUNT"; // the article where none is named
const at = (id) => document.getElementById(id);
const root = at("counter");
let shift = null;
let away = null; // what is promised for when the line is cut, where the program promises anything
let now = empty();
let last = null;
let asking = null;
let typing = 0;

function empty() {
  return { who: null, mode: "typed", offset: null, lines: [], quote: null, held: null, spend: 0, allowance: null,
    coupons: [], wrong: [] };
}

/** Begin to sell. */
export async function open(who) {
  shift = who;
  wire();
  if ("offline" in root.dataset) away = await import("./allowance.js");
  await watch();
  send();
  next();
}

// Step 1: the card ----------------------------------------------------------------------------

async function identify(text, mode) {
  quiet();
  try {
    const { identifier, member } = await whose(text, { hasty: true });
    if (member && member.status !== "active") return plainly("unusable");
    if (!member && identifier.kind !== "card") {
      return (await import("./enrol.js")).enrol(took, identifier);
    }
    take({ identifier, ...(member ?? { unknown: true }) }, mode);
    if (member?.registered) away?.renew(identifier, shift).catch(() => {});
  } catch (error) {
    if (!(error instanceof Cut)) return fault(error);
    take({ identifier: guessed(text), blind: true }, mode);
  }
}

/** Somebody, or nobody in particular: on to the basket. */
function take(who, mode) {
  const late = !at("basket-step").hidden;
  Object.assign(now, { who, mode, offset: who ? items().length : null });
  if (!late) show("basket-step");
  at("late").hidden = Boolean(who);
  greet(who);
  if (late) again();
}

/** A member that was just registered. */
function took(text) {
  next();
  return identify(text, "typed");
}

function greet(who) {
  at("name").textContent = who ? who.name || spaced(who.identifier.value.slice(0, 20)) : say("free");
  at("points").textContent = who?.balance ? say("points", { count: count(who.balance.available) }) : "";
  at("about").textContent = who?.blind ? say("blindcard")
    : who?.unknown ? say("new") : who && !who.registered ? say("unknown") : "";
  tell(at("name").textContent);
}

// Step 2: the basket --------------------------------------------------------------------------

const byLines = () => at("ring").elements.way.value === "lines";

function items() {
  if (byLines()) return now.lines;
  const total = minor(at("amount").value);
  return total > 0 ? [{ sku: AMOUNT, quantity: 1, unit_minor: total }] : [];
}

const total = () => items().reduce((sum, each) => sum + each.quantity * each.unit_minor, 0);

function receipt() {
  const happened_at = nowTold();
  const { store, till, cashier } = shift;
  const told = {
    store, till, happened_at, business_date: happened_at.slice(0, 10), number: "-",
    currency: root.dataset.currency, lines: items(), total_minor: total(), cashier_id: cashier,
    entry_mode: now.mode,
  };
  if (now.who) Object.assign(told, { identifier: now.who.identifier, card_scan_offset: now.offset });
  if (now.spend) told.spend = { points: now.spend };
  const shown = now.coupons.filter((each) => !now.wrong.includes(each)); // a miss counts once
  if (shown.length) told.coupons = shown;
  return told;
}

/** The basket is another one: what was kept for the old one is let go, and it is asked anew. */
function again() {
  still();
  release();
  now.quote = null;
  at("spend").value = "";
  at("spend-told").hidden = true;
  coupons();
  if (!total()) {
    at("told").hidden = true;
    return;
  }
  typing = setTimeout(preview, TYPING_MS);
}

function still() {
  clearTimeout(typing);
  asking?.abort();
}

function release() {
  const { held } = now;
  Object.assign(now, { held: null, spend: 0, allowance: null });
  if (held) call("quote.cancel", null, { key: fresh("c"), path: { quote_id: held.id } }).catch(() => {});
}

async function preview() {
  still();
  asking = new AbortController();
  const { signal } = asking;
  try {
    if (line() === "cut") await blind();
    const answer = await call("quote", { basket: receipt() }, { signal, hasty: true });
    quiet();
    brings(answer);
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof Cut)) return fault(error);
    await blind();
    if (!signal.aborted) typing = setTimeout(preview, 10 * TYPING_MS);
  }
}

function brings(answer) {
  now.quote = answer;
  coupons(answer.coupons);
  const could = answer.could_spend;
  at("to-pay").textContent = money(answer.to_pay_minor ?? 0);
  at("earns").textContent = signed(answer.points_earned ?? 0);
  listed("effects", (answer.effects ?? []).map((each) => each.screen));
  listed("near", (answer.silent ?? []).filter((each) => each.lacking > 0).map((each) => each.why));
  offer(could?.points ?? 0, could && say("could", { points: count(could.points), money: money(could.minor) }));
  at("told").hidden = false;
  tell(`${at("to-pay").textContent}, ${at("earns").textContent}`);
}

const allowed = async () => (now.who && away ? away.allowed(now.who.identifier, shift) : null);

/** Nobody can say what it brings; what may be spent was promised before. */
async function blind() {
  const allowance = await allowed();
  const points = allowance ? most(allowance, total()) : 0;
  now.allowance = allowance;
  at("to-pay").textContent = money(total());
  at("earns").textContent = "…";
  listed("effects", [say("blind")]);
  listed("near", []);
  offer(points, say("mayblind", { points: count(points) }));
  at("told").hidden = false;
}

function offer(points, text) {
  at("spending").hidden = !points;
  at("could").textContent = text;
  at("spend").dataset.most = points;
  at("spend-all").textContent = say("all", { points: count(points) });
}

async function spend(points) {
  const all = Number(at("spend").dataset.most);
  if (!(points > 0 && points <= all)) return plainly("spendless", { points: count(all) });
  quiet();
  if (line() === "cut") return spendBlind(points);
  still();
  at("spend-do").disabled = true;
  try {
    const basket = { ...receipt(), spend: { points } };
    const answer = await call("quote", { hold: true, basket }, { key: fresh("q") });
    Object.assign(now, { held: answer, spend: points });
    brings(answer);
    at("spending").hidden = true;
    keptFor(say("kept", { points: count(answer.points_spent), clock: clock(answer.held_until) }));
  } catch (error) {
    if (error instanceof Cut) preview();
    else fault(error);
  } finally {
    at("spend-do").disabled = false;
  }
}

function spendBlind(points) {
  const { allowance } = now;
  if (!allowance || points % allowance.step) {
    return plainly("spendless", { points: count(Math.floor(points / (allowance?.step ?? 1)) * (allowance?.step ?? 0)) });
  }
  still();
  const off = worth(allowance, points);
  now.spend = points;
  at("to-pay").textContent = money(total() - off);
  at("spending").hidden = true;
  keptFor(say("off", { points: count(points), money: money(off) }));
}

function keptFor(text) {
  at("spend-told").textContent = text;
  at("spend-told").hidden = false;
  tell(text);
  at("confirm").focus();
}

/** How the basket's coupons stand, where it has any. */
async function coupons(told = []) {
  now.told = told;
  now.wrong.push(...told.filter((each) => each.state === "unknown").map((each) => each.code));
  if (now.coupons.length || at("coupons").firstChild) {
    (await import("./coupons.js")).draw(now, again);
  }
}

/** A code joins the basket at once, ten at most: the next is scanned while files load. */
function scanned() {
  const code = at("coupon").value.trim();
  at("couponing").reset();
  if (!code || now.coupons.length > 9 || now.coupons.includes(code)) return;
  now.coupons.push(code);
  again();
}

function addLine() {
  const { sku, quantity, price } = at("ring").elements;
  const [units, unit_minor] = [Number(quantity.value), minor(price.value)];
  if (!sku.value.trim() || !(units > 0 && Number.isInteger(units)) || !(unit_minor >= 0)) return false;
  now.lines.push({ sku: sku.value.trim(), quantity: units, unit_minor });
  sku.value = price.value = "";
  quantity.value = "1";
  sku.focus();
  drawLines();
  again();
  return true;
}

function drawLines() {
  at("lines").replaceChildren(...now.lines.map((each, index) => {
    const out = make("button", { type: "button", class: "bare", "aria-label": `${say("remove")}: ${each.sku}` }, "×");
    out.addEventListener("click", () => {
      now.lines.splice(index, 1);
      drawLines();
      again();
      at("sku").focus();
    });
    return make("li", {}, make("span", {}, each.sku),
      make("span", { class: "mute num" }, say("lines", { quantity: count(each.quantity), price: money(each.unit_minor) })),
      make("b", { class: "num" }, money(each.quantity * each.unit_minor)), out);
  }));
}

/** Enter within the basket: on to the next field, and from the last one to the confirmation. */
function entered(target) {
  const { sku, quantity, price } = at("ring").elements;
  if (byLines() && target === sku && sku.value.trim()) quantity.select();
  else if (byLines() && target === quantity) price.focus();
  else if (byLines() && target === price) addLine();
  else if (cardIn(target)) identify(target.dataset.card, "scan");
  else if (!total()) plainly(byLines() ? "nothing" : "amount");
  else {
    if (!now.quote) preview();
    at("confirm").focus();
  }
}

/** A card that was scanned while the caret stood in the amount. */
function cardIn(target) {
  const text = target.value?.trim() ?? "";
  if (now.who || target.id !== "amount" || !/^\d{10,64}$/.test(text)) return false;
  target.dataset.card = text;
  target.value = "";
  return true;
}

async function confirm() {
  if (!total()) return plainly(byLines() ? "nothing" : "amount");
  const button = at("confirm");
  if (button.disabled) return undefined;
  button.disabled = true;
  quiet();
  still();
  const { number, ...body } = receipt();
  if (now.held) body.quote = now.held.id;
  try {
    const allowance = now.spend ? covering(await allowed()) : null;
    const told = await sell(body, allowance, { name: label(now.who) });
    last = { body: { ...body, number: told.entry?.number }, facts: { name: label(now.who) } };
    now.held = null;
    finish(told);
  } catch (error) {
    fault(error);
  } finally {
    button.disabled = false;
  }
}

const covering = (allowance) =>
  allowance && now.spend % allowance.step === 0 && now.spend <= most(allowance, total()) ? allowance : null;

const label = (who) => (who ? who.name || `…${who.identifier.value.slice(-4)}` : "");

// Step 3: the result --------------------------------------------------------------------------

function finish(told) {
  if (told.state === "void") {
    release();
    again();
    return plainly("void");
  }
  const { answer, entry, off } = told;
  if (told.state === "done") return result(say("done"), answer, entry.number);
  return result(say("waits"), { to_pay_minor: entry.body.total_minor - off }, entry.number, say("blind"));
}

async function undo() {
  if (!last || !(await agreed(say("back"), say("yes")))) return;
  await back(saleOf(last.body), [], shift, last.facts).catch(fault);
}

/** The next customer. */
function next() {
  still();
  release();
  now = empty();
  quiet();
  for (const each of ["scan", "ring", "late", "spending", "couponing"]) at(each).reset();
  drawLines();
  coupons();
  way();
  at("told").hidden = at("spend-told").hidden = true;
  show("card-step");
}

function way() {
  at("by-amount").hidden = byLines();
  at("by-lines").hidden = !byLines();
}

// Keys and buttons ----------------------------------------------------------------------------

function wire() {
  for (const form of [at("scan"), at("late")]) {
    const how = rhythm(form.elements.card);
    on(form, "submit", () => {
      const text = form.elements.card.value.trim();
      form.elements.card.value = "";
      if (text) identify(text, how(text));
    });
  }
  on(at("ring"), "submit", () => entered(document.activeElement));
  on(at("ring"), "input", (event) => {
    if (event.target.name === "way") {
      way();
      (byLines() ? at("sku") : at("amount")).focus();
    }
    if (["way", "amount"].includes(event.target.name)) again();
  });
  on(at("spending"), "submit", () => spend(Number(at("spend").value.replace(/\s/g, ""))));
  on(at("couponing"), "submit", scanned);
  on(at("spend-all"), "click", () => spend(Number(at("spend").dataset.most)));
  on(at("add"), "click", () => addLine() || plainly("nothing"));
  on(at("confirm"), "click", confirm);
  on(at("nobody"), "click", () => take(null, "typed"));
  on(at("away"), "click", next);
  on(at("next"), "click", next);
  on(at("undo-this"), "click", undo);
  on(at("print"), "click", () => print());
  on(at("enrol-open"), "click", async () => (await import("./enrol.js")).enrol(took));
  on(at("undo-open"), "click", async () => (await import("./undo.js")).undo(shift));
  for (const each of document.querySelectorAll("[data-away]")) on(each, "click", next);
  document.addEventListener("keydown", pressed);
}

function on(element, what, job) {
  element.addEventListener(what, (event) => {
    if (what === "submit") event.preventDefault();
    job(event);
  });
}

/** A key of a button; and whatever a scanner types beside a field begins a card. */
function pressed(event) {
  if (document.querySelector("dialog[open]")) return;
  const keyed = [...document.querySelectorAll(`[data-key="${CSS.escape(event.key)}"]`)].find((each) =>
    each.checkVisibility() && !each.disabled);
  if (keyed) {
    event.preventDefault();
    keyed.click();
    return;
  }
  const plain = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey;
  if (!plain || event.target.matches("input, select, textarea")) return;
  if (!at("result-step").hidden) next();
  if (!at("card-step").hidden) at("card").focus();
}

