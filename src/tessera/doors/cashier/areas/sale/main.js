// Begins: who sells at which till. The counter itself is loaded once somebody does.

import { get, put } from "./book.js";
import { line } from "./line.js";
import { show } from "./steps.js";

const WORKER = "/till/worker.js";
const at = (id) => document.getElementById(id);

function paint() {
  const state = line();
  document.body.dataset.line = state;
  for (const each of document.querySelectorAll("[data-when]")) {
    each.hidden = !each.dataset.when.split(" ").includes(state);
  }
}

async function begin(shift) {
  at("who-sells").textContent = shift.cashier;
  at("self").hidden = false;
  const { open } = await import("./counter.js");
  await open(shift);
}

at("shift").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { cashier, till, store } = event.target.elements;
  const shift = { cashier: cashier.value.trim(), till: till.value.trim(), store: store.value };
  await put("kept", shift, "shift");
  await put("kept", shift.till, "till");
  delete event.target.dataset.sent;
  await begin(shift);
});

at("end").addEventListener("click", async () => {
  await put("kept", null, "shift");
  location.reload();
});

/** The browser wants a promise that what it registers is ours. */
function settle() {
  if (!navigator.serviceWorker) return;
  const ours = (address) => {
    if (address !== WORKER) throw new TypeError(address);
    return address;
  };
  const policy = globalThis.trustedTypes?.createPolicy("tessera", { createScriptURL: ours });
  navigator.serviceWorker.register(policy ? policy.createScriptURL(WORKER) : WORKER, { scope: "/till" })
    .catch(() => {});
}

addEventListener("line", paint);
paint();
navigator.storage?.persist?.();
const shift = await get("kept", "shift");
const stores = [...at("shift").elements.store.options].map((each) => each.value);
if (shift && stores.includes(shift.store)) await begin(shift);
else {
  const { till } = at("shift").elements;
  till.value = (await get("kept", "till")) ?? till.value;
  show("start");
}
settle();
