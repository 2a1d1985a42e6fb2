// Signing in with a passkey, where the browser has any, or with an account elsewhere.
import { able, ask, doing, signed } from "/web/passkeys.js";

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

const provider = document.querySelector("[data-provider]");
if (provider) {
  provider.closest("[hidden]").hidden = false;
  provider.addEventListener("click", () => doing(provider, async () => {
    const begun = await ask("/m/sign-in", { do: "provider" });
    const kept = { state: begun.state, binding: begun.binding, next: provider.dataset.provider };
    sessionStorage.setItem("tessera_provider", JSON.stringify(kept));
    location.assign(begun.url);
  }));
}
