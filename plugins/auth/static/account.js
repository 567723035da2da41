// The account page's comforts: this device's time zone by one press, and a new token into the clipboard. All of it works without.

const zones = document.getElementById("time_zone");
const hint = document.querySelector("[data-zone-hint]");
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
const offered = zones && [...zones.options].find((option) => option.value === here);

if (hint && offered && zones.value !== here) {
  hint.hidden = false;
  hint.querySelector("span").append(` (${offered.text})`);
  hint.addEventListener("click", () => {
    zones.value = here;
    hint.hidden = true;
    zones.focus();
  });
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", () => copy(button, document.getElementById(button.dataset.copy)));
}

async function copy(button, source) {
  const refusal = document.querySelector("[data-copy-refused]");
  try {
    await navigator.clipboard.writeText(source.textContent);
    refusal.hidden = true;
    button.textContent = button.dataset.copied;
    document.getElementById("announcements").textContent = button.dataset.copied;
  } catch (error) {
    console.debug("Studium: the browser refused to copy", error.message);
    getSelection().selectAllChildren(source);
    refusal.textContent = button.dataset.refused;
    refusal.hidden = false;
  }
}

// This page is the answer to a form: loaded anew, it would be sent again.
if (document.getElementById("new-token")) history.replaceState(null, "", "/account#tokens");
