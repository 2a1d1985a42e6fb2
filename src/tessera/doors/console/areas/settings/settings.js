// The button beside the colour wears it while one chooses, and choosing means wanting it.
const colour = document.getElementById("colour");
const dark = document.getElementById("colour_dark");
const tick = (name) => { document.querySelector(`input[name="${name}"]`).checked = true; };
colour?.addEventListener("input", () => {
  tick("own_colours");
  const swatch = document.getElementById("swatch");
  swatch.style.backgroundColor = colour.value;
  swatch.style.color = "#fff";
});
dark?.addEventListener("input", () => { tick("own_colours"); tick("own_dark"); });
