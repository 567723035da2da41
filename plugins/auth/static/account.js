// The account page's comforts: this device's time zone by one press, and a new token into the clipboard. All of it works without.

const zones = document.getElementById("time_zone");
const hint = document.querySelector("[data-zone-hint]");
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;

function offersHere() {
  return here && zones && [...zones.options].some((option) => option.value === here);
}

if (hint && offersHere() && zones.value !== here) {
  hint.hidden = false;
  hint.querySelector("span").append(` (${here.replaceAll("_", " ")})`);
  hint.addEventListener("click", () => {
    zones.value = here;
    hint.hidden = true;
    zones.focus();
  });
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value);
    button.textContent = button.dataset.copied;
  });
}
