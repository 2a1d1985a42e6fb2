// The card: awake while it is shown; the still code takes the place of the fresh one without a line.
import { renew } from "./code.js";

const [code, still, fresh, cut] = ["code", "still", "fresh", "cut"].map((id) => document.getElementById(id));
let lock = null;

function shown(there) {
  code.hidden = !there;
  if (still) still.hidden = there;
  fresh.hidden = !there;
  cut.hidden = there;
}

async function awake() {
  if (document.hidden || !navigator.wakeLock) return;
  try {
    lock = await navigator.wakeLock.request("screen");
  } catch { /* the battery is low, or the browser does not like it */ }
}

renew(code, 45, shown);
if (!navigator.onLine) shown(false);
else if (code.complete) shown(code.naturalWidth > 0);
addEventListener("offline", () => shown(false));
document.addEventListener("visibilitychange", () => {
  lock?.release();
  lock = null;
  awake();
});
awake();
