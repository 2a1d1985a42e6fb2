// Back from the identity provider: what came in the address goes on together with what this tab kept.
import { ask } from "./passkeys.js";

const fault = document.getElementById("fault");
const came = new URLSearchParams(location.search);
const kept = JSON.parse(sessionStorage.getItem("tessera_provider") || "null");
sessionStorage.removeItem("tessera_provider");
history.replaceState(null, "", location.pathname);

function failed(text) {
  fault.textContent = text;
  document.getElementById("waits").hidden = true;
}

if (kept && came.get("state") === kept.state && came.get("code")) {
  const fields = { do: "back", state: kept.state, binding: kept.binding, code: came.get("code"), next: kept.next };
  ask(location.pathname, fields).then(
    (said) => location.replace(said.to),
    (wrong) => failed(wrong.why ? `${wrong.why} ${wrong.cure}` : fault.dataset.said),
  );
} else failed(fault.dataset.said);
