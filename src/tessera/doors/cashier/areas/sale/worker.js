// The service worker of /till: the page and its files without the line. Nothing else is kept: calls
// go through, and the page holds nothing of a member.

const SHELF = "tessera-till-1";
const START = "/till";
const FILES = "/till/static/";
const PATIENCE_MS = 4000;

const named = (text) => [...new Set(text.match(/\/till\/static\/[\w.-]+/g) ?? [])];

/** Keep a file and, of a module, all that it imports. Files never change: their names do. */
async function keep(shelf, address, seen) {
  if (seen.has(address)) return;
  seen.add(address);
  let found = await shelf.match(address);
  if (!found) {
    found = await fetch(address);
    if (!found.ok) throw new Error(`${address}: ${found.status}`);
    await shelf.put(address, found.clone());
  }
  if (address.endsWith(".js")) {
    const more = named(await found.text());
    await Promise.all(more.map((each) => keep(shelf, each, seen)));
  }
}

/** Keep the page once all its files are there, and drop those of the one before. */
async function keepPage(answer) {
  if (!answer.ok || answer.redirected) return;
  const shelf = await caches.open(SHELF);
  const seen = new Set();
  const files = named(await answer.clone().text());
  await Promise.all(files.map((each) => keep(shelf, each, seen)));
  await shelf.put(START, answer);
  for (const each of await shelf.keys()) {
    const { pathname } = new URL(each.url);
    if (pathname.startsWith(FILES) && !seen.has(pathname)) await shelf.delete(each);
  }
}

async function page(event) {
  try {
    const answer = await Promise.race([
      fetch(event.request),
      new Promise((_, failed) => setTimeout(failed, PATIENCE_MS, new Error("slow"))),
    ]);
    if (answer.status >= 500) throw new Error(answer.status);
    event.waitUntil(keepPage(answer.clone()).catch(() => {}));
    return answer;
  } catch (cut) {
    const shelf = await caches.open(SHELF);
    return (await shelf.match(START, { ignoreVary: true })) ?? Promise.reject(cut);
  }
}

async function file(request) {
  const shelf = await caches.open(SHELF);
  return (await shelf.match(request, { ignoreVary: true })) ?? fetch(request);
}

addEventListener("install", (event) => {
  skipWaiting();
  event.waitUntil(fetch(START).then(keepPage));
});

addEventListener("activate", (event) => event.waitUntil(clients.claim()));

addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (origin !== location.origin || event.request.method !== "GET") return;
  if (event.request.mode === "navigate" && pathname === START) event.respondWith(page(event));
  else if (pathname.startsWith(FILES)) event.respondWith(file(event.request));
});
