// Sign in by passkey, or with an identity provider. Without script the form with the password works.
import { able, ask, doing, signed } from "/web/passkeys.js";

const SIGN_IN = "/console/sign-in";
const passkey = document.querySelector("[data-passkey]");
const provider = document.querySelector("[data-provider]");

if (passkey && able) {
  passkey.closest("[hidden]").hidden = false;
  passkey.addEventListener("click", () => doing(passkey, async () => {
    const begun = await ask(SIGN_IN, { do: "passkey" });
    const credential = await signed(begun.options);
    const next = passkey.dataset.passkey;
    const fields = { do: "signed", ceremony_id: begun.ceremony_id, credential, next };
    location.assign((await ask(SIGN_IN, fields)).to);
  }));
}

if (provider) {
  provider.closest("[hidden]").hidden = false;
  provider.addEventListener("click", () => doing(provider, async () => {
    const begun = await ask(SIGN_IN, { do: "provider" });
    const kept = { state: begun.state, binding: begun.binding, next: provider.dataset.provider };
    sessionStorage.setItem("tessera_provider", JSON.stringify(kept));
    location.assign(begun.url);
  }));
}
