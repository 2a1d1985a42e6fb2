// Keeps one page: the card, in a cache named after its member, with the files that page names. No
// other page of a member is ever kept. Whoever signs out leaves nothing behind.
const SHELL = "tessera-shell";
const CARD = "tessera-card-";
const PAGE = "/m/card";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("message", (event) => {
  if (event.data === "keep") event.waitUntil(fetchCard());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (pathname.startsWith("/m/static/")) event.respondWith(file(request));
  else if (request.mode === "navigate") event.respondWith(page(event, pathname));
});

async function file(request) {
  return (await caches.match(request, { cacheName: SHELL })) || fetch(request);
}

async function page(event, pathname) {
  try {
    const got = await fetch(event.request);
    if (pathname === PAGE && got.ok) event.waitUntil(keep(got.clone()));
    if (pathname.startsWith("/m/sign-in")) event.waitUntil(wipe(""));
    return got;
  } catch {
    return (await kept()) || Response.error();
  }
}

async function fetchCard() {
  try {
    const got = await fetch(PAGE, { redirect: "manual" });
    if (got.ok) await keep(got);
    else if (got.type === "opaqueredirect") await wipe("");
  } catch { /* no line: what is kept stays */ }
}

async function keep(got) {
  const text = await got.clone().text();
  const member = /<meta name="member-key" content="(\w+)">/.exec(text);
  if (!member) return;
  const mine = CARD + member[1];
  await wipe(mine);
  // The page last: where it is kept, all that it needs is.
  const shell = await caches.open(SHELL);
  const wanted = new Set([...text.matchAll(/"(\/m\/static\/[\w.-]+)"/g)].map((each) => each[1]));
  for (const path of [...wanted]) {
    if (!path.endsWith(".js")) continue;
    const code = await (await asset(shell, path)).text();
    for (const each of code.matchAll(/["'](\/m\/static\/[\w.-]+\.js)["']/g)) wanted.add(each[1]);
  }
  for (const path of wanted) await asset(shell, path);
  await (await caches.open(mine)).put(PAGE, got);
  for (const old of await shell.keys()) if (!wanted.has(new URL(old.url).pathname)) await shell.delete(old);
}

async function asset(shell, path) {
  const known = await shell.match(path);
  if (known) return known;
  const got = await fetch(path);
  if (got.ok) await shell.put(path, got.clone());
  return got;
}

async function kept() {
  for (const name of await caches.keys()) {
    if (name.startsWith(CARD)) return (await caches.open(name)).match(PAGE);
  }
  return undefined;
}

async function wipe(but) {
  for (const name of await caches.keys()) if (name.startsWith(CARD) && name !== but) await caches.delete(name);
}
