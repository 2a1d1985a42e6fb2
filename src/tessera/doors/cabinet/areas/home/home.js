// The first page: the code changes by itself before its minute is over, the app keeps the card, and
// what is near comes after the pass is there.
import { fill, page } from "/web/forms.js";
import { keep } from "./app.js";
import { renew } from "./code.js";

renew(document.getElementById("code"), 45);
keep();
page("GET", "/m/offers").then((offers) => {
  if (offers.getElementById("near")?.childElementCount) fill(["near"], offers);
}).catch(() => {});
