// Figures as the page's language writes them, and as people type them.

const LOCALES = { en: "en-GB", it: "it-IT", pl: "pl-PL", ru: "ru-RU", zh: "zh-CN" };
const locale = LOCALES[document.documentElement.lang] ?? "en-GB";
const root = document.getElementById("counter");
const counted = new Intl.NumberFormat(locale);
const priced = new Intl.NumberFormat(locale, {
  style: "currency", currency: root.dataset.currency, minimumFractionDigits: 2, maximumFractionDigits: 2,
});
const plain = new Intl.NumberFormat(locale, { minimumFractionDigits: 2, useGrouping: false });
const clocked = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const dated = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const MINUS = "\u2212";

const sentences = JSON.parse(root.dataset.words);

/** A sentence of the page, with what it names: say("points", {count: 3}). */
export const say = (name, values = {}) =>
  sentences[name].replace(/%\((\w+)\)s/g, (_, each) => values[each]);

export const count = (number) => counted.format(number).replace("-", MINUS);
export const signed = (number) => (number > 0 ? `+${count(number)}` : count(number));
export const money = (minor) => priced.format(minor / 100).replace("-", MINUS);
export const amount = (minor) => plain.format(minor / 100);
export const clock = (at) => clocked.format(new Date(at));
export const moment = (at) => dated.format(new Date(at));

/** "1 234,50" or "1,234.50" in minor units; NaN if it is no amount. */
export function minor(text) {
  const found = /^(\d[\d\s.,'’]*?)(?:[.,](\d{1,2}))?$/.exec(text.trim());
  const whole = found?.[1].replace(/[\s.,'’]/g, "");
  return whole && whole.length <= 8 ? Number(whole) * 100 + Number((found[2] ?? "").padEnd(2, "0")) : NaN;
}

/** A number of four and four digits, as people read a card aloud. */
export const spaced = (text) => (/^\d{9,20}$/.test(text) ? text.replace(/\d{4}(?=\d)/g, "$& ") : text);
