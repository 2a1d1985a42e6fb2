// What this till keeps in the browser. Four shelves: `kept` (shift, device, serial, key), `queue`
// (entries that wait, by number), `done` (what was posted here, for undoing), `allowances`.

const SHELVES = ["kept", "queue", "done", "allowances"];
const MOST_DONE = 200;
const LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789";
let opened = null;

const told = (ask) => new Promise((done, failed) => {
  ask.onsuccess = () => done(ask.result);
  ask.onerror = () => failed(ask.error);
});

function base() {
  opened ??= new Promise((done, failed) => {
    const ask = indexedDB.open("tessera-till", 1);
    ask.onupgradeneeded = () => {
      for (const shelf of SHELVES) ask.result.createObjectStore(shelf);
    };
    ask.onsuccess = () => {
      ask.result.onversionchange = () => ask.result.close();
      done(ask.result);
    };
    ask.onerror = () => failed(ask.error);
  });
  return opened;
}

/** One transaction over all shelves: job gets at("queue").get(key), put(value, key), drop, all. */
export async function writing(job, mode = "readwrite") {
  const turn = (await base()).transaction(SHELVES, mode, { durability: "strict" });
  const ended = new Promise((done, failed) => {
    turn.oncomplete = done;
    turn.onabort = () => failed(turn.error ?? new Error("given up"));
  });
  ended.catch(() => {});
  const at = (name) => {
    const shelf = turn.objectStore(name);
    return {
      get: (key) => told(shelf.get(key)),
      put: (value, key) => told(shelf.put(value, key)),
      drop: (key) => told(shelf.delete(key)),
      all: () => told(shelf.getAll()),
      keys: () => told(shelf.getAllKeys()),
    };
  };
  try {
    const said = await job(at);
    await ended;
    return said;
  } catch (error) {
    try { turn.abort(); } catch { /* it has ended */ }
    throw error;
  }
}

export const get = (shelf, key) => writing((at) => at(shelf).get(key), "readonly");
export const all = (shelf) => writing((at) => at(shelf).all(), "readonly");
export const put = (shelf, value, key) => writing((at) => at(shelf).put(value, key));

/** A number that no receipt has: letters of this browser, and the next of its own count. */
export async function next(at) {
  const device = (await at("kept").get("device")) ?? drawn();
  const serial = ((await at("kept").get("serial")) ?? 0) + 1;
  await at("kept").put(device, "device");
  await at("kept").put(serial, "serial");
  return { number: `${device}-${serial}`, serial };
}

function drawn() {
  const bytes = crypto.getRandomValues(new Uint8Array(4));
  return [...bytes].map((each) => LETTERS[each % LETTERS.length]).join("");
}

/** A key for one call. */
export function fresh(what) {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `${what}-${[...bytes].map((each) => each.toString(16).padStart(2, "0")).join("")}`;
}

/** Write down what was posted; the oldest go. */
export async function posted(at, entry) {
  await at("done").put(entry, entry.number);
  const all = await at("done").all();
  all.sort((a, b) => b.serial - a.serial);
  for (const each of all.slice(MOST_DONE)) await at("done").drop(each.number);
}
