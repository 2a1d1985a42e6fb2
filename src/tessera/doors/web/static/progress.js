// How far a job is, once a second, until it comes to another state: then the page is read anew.
import { fill, page } from "/web/forms.js";

const state = document.getElementById("state");

async function look() {
  try {
    const now = await page("GET", location.href);
    const there = now.getElementById("state");
    if (!there || there.dataset.state !== state.dataset.state) return location.reload();
    fill(["far"], now);
  } catch {
    // the server is away for a moment: the next look finds it again
  }
  setTimeout(look, document.hidden ? 5000 : 1000);
}

if (state?.dataset.live) setTimeout(look, 1000);
