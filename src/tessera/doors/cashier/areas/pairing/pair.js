// A link or a QR code brings the key behind the "#", which browsers send to no server and which
// leaves the address at once. Unpairing takes with it what the till has kept, unless receipts wait.

const START = "/till";

function typed() {
  const found = decodeURIComponent(location.hash.slice(1));
  const form = document.getElementById("pair");
  if (!found) return;
  history.replaceState(null, "", location.pathname);
  if (!form) return;
  form.elements.token.value = found;
  form.requestSubmit();
}

addEventListener("hashchange", typed);
typed();

/** How many receipts wait in this browser; nothing is made where there is no such base yet. */
async function waiting() {
  const known = (await indexedDB.databases?.()) ?? [];
  if (!known.some((each) => each.name === "tessera-till")) return 0;
  const base = await told(indexedDB.open("tessera-till"));
  try {
    if (!base.objectStoreNames.contains("queue")) return 0;
    return await told(base.transaction("queue").objectStore("queue").count());
  } finally {
    base.close();
  }
}

const told = (ask) => new Promise((done, failed) => {
  ask.onsuccess = () => done(ask.result);
  ask.onerror = () => failed(ask.error);
});

async function wipe() {
  indexedDB.deleteDatabase("tessera-till");
  for (const name of (await globalThis.caches?.keys()) ?? []) await caches.delete(name);
  for (const each of (await navigator.serviceWorker?.getRegistrations()) ?? []) {
    if (new URL(each.scope).pathname.startsWith(START)) await each.unregister();
  }
}

const leaving = document.getElementById("unpair");
if (leaving) {
  const count = await waiting();
  document.getElementById("waits").hidden = !count;
  leaving.hidden = count > 0;
  leaving.addEventListener("submit", (event) => {
    if (!leaving.dataset.agreed) return; // forms.js asks first
    event.preventDefault();
    wipe().finally(() => leaving.submit());
  });
}
