// What is wrong is filled in while somebody types; here its control is marked as well.
document.addEventListener("previewed", (event) => {
  for (const control of event.target.elements) {
    const fault = document.getElementById(`${control.name}-fault`);
    if (!fault) continue;
    if (fault.textContent.trim()) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
  }
});
