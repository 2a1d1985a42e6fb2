// What every page's forms have in common. All of it is a kindness: without script the forms work.
//
//   a form            is sent once: a second press while it is on its way does nothing
//   data-open="id"    a button opens that <dialog>; data-close closes the one it stands in
//   data-confirm="?"  a form, or one of its buttons, asks this first
//   data-submit       a select, a check box: its form is sent when it changes
//   data-copy="id"    a button copies the text of that element
//   data-preview="x"  a form: while somebody types it is sent to its page with do=x (a GET form: as
//                     it is) and the elements named in data-into="id other" are filled from the
//                     answer. The form itself is never drawn anew, so caret and IME stay.

const HTML = "application/xhtml+xml, text/html";

/** Make an element: make("p", {class: "mute"}, "text", child). Text stays text. */
export function make(tag, facts = {}, ...inside) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(facts)) {
    if (value !== false && value != null) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...inside.filter((each) => each != null && each !== ""));
  return made;
}

/** Ask a yes or no in a dialog. Answers true when it is agreed to. */
export function agreed(question, yes) {
  const no = document.body.dataset.cancel || "Cancel";
  const agree = make("button", { class: "main", value: "yes" }, yes);
  const form = make("form", { method: "dialog", class: "stack" },
    make("p", {}, question),
    make("div", { class: "row end" }, make("button", { value: "" }, no), agree));
  const dialog = make("dialog", { "aria-label": question }, form);
  document.body.append(dialog);
  dialog.showModal();
  agree.focus();
  return new Promise((done) => {
    dialog.addEventListener("close", () => {
      done(dialog.returnValue === "yes");
      dialog.remove();
    });
  });
}

/** Fetch a page of ours as a document. Its scripts never run: it is taken apart, not shown. */
export function page(method, address, fields, signal) {
  return new Promise((done, failed) => {
    const call = new XMLHttpRequest();
    call.open(method, address);
    call.responseType = "document";
    call.setRequestHeader("Accept", HTML);
    call.onload = () => (call.response ? done(call.response) : failed(new Error(call.status)));
    call.onerror = call.onabort = () => failed(new Error("cut"));
    signal?.addEventListener("abort", () => call.abort());
    call.send(fields);
  });
}

/** Fill the elements named by `ids` of this page from the same ones of another. */
export function fill(ids, from) {
  for (const id of ids) {
    const here = document.getElementById(id);
    const there = from.getElementById(id);
    if (here && there) here.replaceChildren(...there.childNodes);
  }
}

let asking = null;
let waiting = 0;

function preview(form) {
  clearTimeout(waiting);
  waiting = setTimeout(async () => {
    asking?.abort();
    asking = new AbortController();
    const fields = new URLSearchParams(new FormData(form));
    const reads = form.method === "get";
    const address = new URL(form.action || location.href);
    if (reads) address.search = fields;
    else fields.set("do", form.dataset.preview);
    try {
      fill((form.dataset.into || "").split(" "),
        await page(form.method, address, reads ? null : fields, asking.signal));
      form.dispatchEvent(new CustomEvent("previewed", { bubbles: true }));
    } catch { /* the next key asks again */ }
  }, 250);
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  const pressed = event.submitter;
  if (form.method === "dialog" || event.defaultPrevented) return;
  if (form.dataset.sent) return event.preventDefault();
  const question = pressed?.dataset.confirm || form.dataset.confirm;
  if (question && !form.dataset.agreed) {
    event.preventDefault();
    if (!(await agreed(question, pressed?.textContent.trim() || "OK"))) return;
    form.dataset.agreed = "yes";
    form.requestSubmit(pressed);
    return;
  }
  delete form.dataset.agreed;
  form.dataset.sent = "yes";
  pressed?.setAttribute("aria-busy", "true");
});

addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("[data-sent]")) delete form.dataset.sent;
  for (const each of document.querySelectorAll("button[aria-busy]")) each.removeAttribute("aria-busy");
});

document.addEventListener("click", (event) => {
  const { target } = event;
  const open = target.closest?.("[data-open]");
  if (open) document.getElementById(open.dataset.open)?.showModal();
  else if (target.closest?.("[data-close]")) target.closest("dialog")?.close();
  else if (target.matches?.("dialog")) {
    const box = target.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right &&
      event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside && event.detail) target.close();
  }
  const copy = target.closest?.("[data-copy]");
  if (copy) {
    const text = document.getElementById(copy.dataset.copy)?.textContent || "";
    navigator.clipboard?.writeText(text).then(() => {
      copy.textContent = copy.dataset.done || copy.textContent;
    });
  }
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = event.target.closest?.("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

document.addEventListener("change", (event) => {
  const { form } = event.target;
  if ("submit" in event.target.dataset) form.requestSubmit();
  else if (form && "preview" in form.dataset) preview(form);
});
document.addEventListener("input", (event) => {
  const { form } = event.target;
  if (form && "preview" in form.dataset && !event.isComposing) preview(form);
});
