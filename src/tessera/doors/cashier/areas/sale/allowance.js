// What a card may spend while the line is cut: asked for while it is there, kept with a signature.

import { fresh, get, writing } from "./book.js";
import { call, No } from "./line.js";

const HOUR_MS = 3600_000;
const safe = globalThis.crypto?.subtle;

/** What an identifier is kept under: no number or phone stands in the browser for it. */
export async function nameOf(identifier) {
  const { kind, value } = identifier;
  const code = kind === "card" && /^9[78]\d{62}$/.test(value);
  const plain = code ? `member:${value.slice(2, 41)}` : `${kind}:${value}`;
  const raw = await safe.digest("SHA-256", new TextEncoder().encode(plain));
  return btoa(String.fromCharCode(...new Uint8Array(raw)));
}

/** A fresh one, once the server knows of all that was spent under the old one. */
export async function renew(identifier, shift) {
  if (!safe) return;
  const name = await nameOf(identifier);
  const old = await get("allowances", name);
  const now = Date.now();
  const young = old && now < (Date.parse(old.issued_at) + Date.parse(old.valid_until)) / 2 &&
    old.store === shift.store && old.till === shift.till;
  if ((young && !old.used) || now < ((await get("kept", "no-offer")) ?? 0)) return;
  const unsent = await writing(async (at) => (await at("queue").all()).some((each) =>
    each.allowance === name), "readonly");
  if (unsent) return;
  try {
    const { store, till } = shift;
    const key = await publicKey();
    const said = await call("allowance.issue", { store, till, identifier }, { key: fresh("a") });
    await writing((at) => Promise.all([
      at("allowances").put({ ...said, used: 0 }, name), at("kept").put(key, "key"),
    ]));
  } catch (error) {
    if (!(error instanceof No)) return;
    await writing((at) => (error.code === "offline_not_offered"
      ? at("kept").put(now + HOUR_MS, "no-offer") : at("allowances").drop(name)));
  }
}

async function publicKey() {
  return (await get("kept", "key")) ?? (await call("allowance.key", null)).public_key;
}

/** The allowance that is good now: {name, left, step, worth_minor, max_percent, token}, or null. */
export async function allowed(identifier, shift) {
  if (!safe || !identifier) return null;
  const name = await nameOf(identifier);
  const kept = await get("allowances", name);
  if (!kept || !(await genuine(kept))) return null;
  const good = kept.store === shift.store && kept.till === shift.till &&
    Date.parse(kept.valid_until) > Date.now();
  const left = Math.floor(Math.max(kept.points - kept.used, 0) / kept.step) * kept.step;
  return good && left > 0 ? { ...kept, name, left } : null;
}

/** Whether the terms are those that the server signed (RFC 8032), where this browser can tell. */
async function genuine(kept) {
  const [said, mark] = kept.token.split(".").map(bytes);
  const terms = JSON.parse(new TextDecoder().decode(said));
  const same = ["store", "till", "points", "step", "worth_minor", "max_percent"];
  if (same.some((each) => terms[each] !== kept[each])) return false;
  try {
    const raw = bytes(await get("kept", "key"));
    const key = await safe.importKey("raw", raw, "Ed25519", false, ["verify"]);
    return await safe.verify("Ed25519", key, mark, said);
  } catch (error) {
    return error.name === "NotSupportedError";
  }
}

const bytes = (text) => Uint8Array.from(
  atob(text.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));
