// How a card comes in: scanned or typed, and what it is when nobody can be asked.

const FAST_MS = 35; // between two letters: a scanner, not a hand

/** How a text came in: by its rhythm. Answers what to ask once the field is sent. */
export function rhythm(input) {
  let times = [];
  input.addEventListener("keydown", (event) => {
    if (event.key.length === 1) times.push(event.timeStamp);
  });
  return (text) => {
    const [first, many] = [times[0], times.length];
    const each = many > 5 ? (times[many - 1] - first) / (many - 1) : Infinity;
    times = [];
    if (/^97\d{62}$/.test(text)) return "app";
    return many === text.length && each < FAST_MS ? "scan" : "typed";
  };
}

/** What a text is when nobody can be asked. */
export function guessed(text) {
  const plain = text.replace(/[\s().-]/g, "");
  if (text.includes("@")) return { kind: "email", value: text.trim().toLowerCase() };
  return { kind: plain.startsWith("+") ? "phone" : "card", value: plain };
}
