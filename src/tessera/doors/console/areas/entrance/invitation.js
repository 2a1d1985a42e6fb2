// The invitation stands behind the # of its link: that part never leaves the browser by itself.
const field = document.getElementById("invitation");
const code = decodeURIComponent(location.hash.slice(1));
if (field && /^[\w-]{1,128}$/.test(code)) {
  history.replaceState(null, "", location.pathname);
  field.value = code;
  field.form.requestSubmit();
}
