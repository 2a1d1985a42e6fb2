// A picture of the code of this minute, asked for again while somebody looks at it.

/** Ask for the next code every so many seconds; `shown` is told whether there was one. */
export function renew(picture, seconds, shown = () => {}) {
  let asked = Date.now();
  const next = () => {
    if (document.hidden) return;
    asked = Date.now();
    picture.src = `/m/code.svg?${asked}`;
  };
  picture.addEventListener("load", () => shown(true));
  picture.addEventListener("error", () => shown(false));
  setInterval(next, seconds * 1000);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && Date.now() - asked > seconds * 1000) next();
  });
  addEventListener("online", next);
}
