// Add a passkey: the page says what to ask, the device makes a key, the page keeps its public half.
import { able, ask, created, doing } from "/web/passkeys.js";

const form = document.getElementById("add");
if (form && able) {
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    doing(form.querySelector("button"), async () => {
      const begun = await ask("/m/devices", { do: "begin" });
      const credential = await created(begun.options);
      const name = form.elements.name.value;
      location.assign((await ask("/m/devices", { do: "add", ceremony_id: begun.ceremony_id, credential, name })).to);
    });
  });
}
