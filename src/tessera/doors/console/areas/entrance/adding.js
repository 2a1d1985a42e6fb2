// Add a passkey to one's own sign-in: the page says what to ask, the device makes a key, the page
// keeps its public half. Where the page wants a fresh proof first, it says where.
import { able, ask, created, doing } from "/web/passkeys.js";

const form = document.getElementById("add");
if (form && able) {
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const path = location.pathname;
    doing(form.querySelector("button"), async () => {
      const begun = await ask(path, { do: "begin" });
      if (begun.to) return location.assign(begun.to);
      const credential = await created(begun.options);
      const name = form.elements.name.value;
      location.assign((await ask(path, { do: "add", ceremony_id: begun.ceremony_id, credential, name })).to);
    });
  });
}
