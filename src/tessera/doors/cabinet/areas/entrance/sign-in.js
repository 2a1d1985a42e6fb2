// Signing in with a passkey, where the browser has any.
import { able, ask, doing, signed } from "./passkeys.js";

const place = document.getElementById("passkey");
if (place && able) {
  place.hidden = false;
  const button = place.querySelector("button");
  const next = document.querySelector("[name=next]")?.value || "";
  button.addEventListener("click", () => doing(button, async () => {
    const begun = await ask("/m/sign-in", { do: "begin" });
    const credential = await signed(begun.options);
    location.assign((await ask("/m/sign-in", { do: "signed", ceremony_id: begun.ceremony_id, credential, next })).to);
  }));
}
