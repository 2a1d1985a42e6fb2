// One step is shown at a time.

/** Show a step, and put the caret where it is needed. */
export function show(name) {
  for (const each of document.querySelectorAll("[data-step]")) each.hidden = each.id !== name;
  document.getElementById(name).querySelector("[data-first]")?.focus();
  scrollTo(0, 0);
}
