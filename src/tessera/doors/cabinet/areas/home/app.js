// The service worker: registered once, told to keep the card; whoever signs out leaves nothing.

const policy = globalThis.trustedTypes?.createPolicy("tessera", { createScriptURL: (path) => path });
const WORKER = "/m/worker.js";

/** Keep the card of whoever is signed in, for where there is no line. */
export async function keep() {
  if (!("serviceWorker" in navigator)) return;
  try {
    await navigator.serviceWorker.register(policy ? policy.createScriptURL(WORKER) : WORKER, { scope: "/m" });
    const { active } = await navigator.serviceWorker.ready;
    active.postMessage("keep");
  } catch { /* without it the cabinet works all the same, with a line */ }
}

/** Nobody is signed in on this device: nobody's card stays. */
export async function wipe() {
  if (!("caches" in globalThis)) return;
  for (const name of await caches.keys()) if (name.startsWith("tessera-card-")) await caches.delete(name);
}
