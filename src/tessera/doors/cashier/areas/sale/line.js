// A call of the bridge: its answer, a no of the server (`No`), or no answer at all (`Cut`).

const PATIENCE_MS = 8000;
const HASTY_MS = 2500;
const AGAIN = new Set(["key_in_flight", "try_again"]); // the same call may be answered otherwise

/** Nobody answered, or only that it should be asked again. `unpaired`: the key is gone. */
export class Cut extends Error {
  constructor(why, { unpaired = false, sent = true } = {}) {
    super(why);
    Object.assign(this, { unpaired, sent });
  }
}

/** A refusal: its code, field, why and cure. */
export class No extends Error {
  constructor(status, told) {
    super(told.why);
    Object.assign(this, { status }, told);
  }
}

let state = navigator.onLine ? "online" : "cut";

function note(now) {
  if (now === state) return;
  state = now;
  dispatchEvent(new CustomEvent("line", { detail: state }));
}

/** "online", "cut" or "unpaired", as the last call found it. */
export const line = () => state;

addEventListener("offline", () => note("cut"));

/** Ask an operation. `signal` gives it up without a word; `hasty`: sooner, while the line is cut. */
export const call = (operation, body, more = {}) =>
  post(`/till/call/${operation}`, { do: "call", body, key: more.key ?? "", path: more.path }, more);

/** Ask whose a text is. */
export const whose = (text, more = {}) => post("/till/who", { do: "call", text }, more);

async function post(address, said, { signal, hasty } = {}) {
  let answer, told;
  const limit = AbortSignal.timeout(hasty && state === "cut" ? HASTY_MS : PATIENCE_MS);
  try {
    answer = await fetch(address, {
      method: "POST", headers: { "content-type": "application/json" }, redirect: "manual",
      body: JSON.stringify(said), signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    if (answer.type === "opaqueredirect") {
      note("unpaired");
      throw new Cut("unpaired", { unpaired: true, sent: false });
    }
    told = await answer.json();
  } catch (error) {
    if (signal?.aborted || error instanceof Cut) throw error;
    note("cut");
    throw new Cut(String(error));
  }
  if (answer.status >= 500 || answer.status === 429) {
    note(answer.status === 429 ? "online" : "cut");
    throw new Cut(told.why ?? answer.status);
  }
  note("online");
  if (AGAIN.has(told.code)) throw new Cut(told.why);
  if (!answer.ok) throw new No(answer.status, told);
  return told;
}
