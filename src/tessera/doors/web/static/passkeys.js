// Passkeys in the browser: what our pages ask devices, and what devices answer, as JSON.

export const able = typeof PublicKeyCredential === "function" && Boolean(navigator.credentials);

/** Bytes of a word in base64url. */
function raw(word) {
  const plain = atob(word.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0)).buffer;
}

/** The word of bytes, in base64url without padding. */
function word(bytes) {
  const plain = String.fromCharCode(...new Uint8Array(bytes));
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

const named = (list) => list?.map((each) => ({ ...each, id: raw(each.id) }));

// What the newer browsers do themselves.
function toCreate(options) {
  if (PublicKeyCredential.parseCreationOptionsFromJSON) {
    return PublicKeyCredential.parseCreationOptionsFromJSON(options);
  }
  return {
    ...options, challenge: raw(options.challenge), user: { ...options.user, id: raw(options.user.id) },
    excludeCredentials: named(options.excludeCredentials),
  };
}

function toGet(options) {
  if (PublicKeyCredential.parseRequestOptionsFromJSON) {
    return PublicKeyCredential.parseRequestOptionsFromJSON(options);
  }
  return {
    ...options, challenge: raw(options.challenge), allowCredentials: named(options.allowCredentials),
  };
}

function told(made) {
  if (made.toJSON) return made.toJSON();
  const said = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (made.response[name]) said[name] = word(made.response[name]);
  }
  return {
    id: made.id, rawId: word(made.rawId), type: made.type, response: said,
    clientExtensionResults: made.getClientExtensionResults(),
    authenticatorAttachment: made.authenticatorAttachment,
  };
}

/** A new key on this device. Errors: the person or the device says no. */
export async function created(options) {
  return told(await navigator.credentials.create({ publicKey: toCreate(options) }));
}

/** A signature by a key of this device. Errors: the same. */
export async function signed(options) {
  return told(await navigator.credentials.get({ publicKey: toGet(options) }));
}

/** Ask a page of ours something. Errors: what it says no with, as `why` and `cure`. */
export async function ask(path, fields) {
  const answer = await fetch(path, {
    method: "POST", body: JSON.stringify(fields), headers: { "Content-Type": "application/json" },
  });
  const said = await answer.json();
  if (!answer.ok) throw said;
  return said;
}

/** Do it, and say below the button what went wrong. */
export async function doing(button, does) {
  const fault = document.getElementById("fault");
  button.setAttribute("aria-busy", "true");
  fault.textContent = "";
  try {
    await does();
  } catch (wrong) {
    fault.textContent = wrong.why ? `${wrong.why} ${wrong.cure}` : fault.dataset.said;
  } finally {
    button.removeAttribute("aria-busy");
  }
}
