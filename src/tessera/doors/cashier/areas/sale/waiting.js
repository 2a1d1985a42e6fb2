// The queue as one sees it: how much waits, what was refused, what to do about it.

import { agreed, make } from "/web/forms.js";
import { moment, money, say } from "./figures.js";
import { decide, send, waiting } from "./post.js";

const at = (id) => document.getElementById(id);

/** Keep the count and the list up to date from now on. */
export async function watch() {
  addEventListener("queue", paint);
  at("send-now").addEventListener("click", () => send());
  await paint();
}

async function paint() {
  const entries = await waiting();
  at("count").textContent = entries.length;
  at("waiting").hidden = !entries.length;
  at("queued-none").hidden = entries.length > 0;
  at("send-now").hidden = !entries.length;
  at("queued").replaceChildren(...entries.map(row));
}

function row(entry) {
  const { number, kind, state, body, facts, why, cure } = entry;
  const sum = kind === "sale" ? money(body.total_minor) : body.sale.number;
  const inside = [
    make("div", { class: "row" }, make("b", {}, `${say(kind)} ${number}`), make("b", { class: "num" }, sum)),
    make("span", { class: "mute small" }, [moment(entry.at), facts?.name, say(state)].filter(Boolean).join(" · ")),
  ];
  if (state === "refused") {
    inside.push(make("p", { class: "bad" }, [why, cure].filter(Boolean).join(". ")),
      make("div", { class: "row end" }, choice("again", () => decide(number, true)),
        choice("drop", async () => (await agreed(say("dropask"), say("drop"))) && decide(number, false), "danger")));
  }
  return make("li", {}, ...inside);
}

function choice(name, job, kind = "") {
  const button = make("button", { type: "button", class: kind || null }, say(name));
  button.addEventListener("click", job);
  return button;
}
