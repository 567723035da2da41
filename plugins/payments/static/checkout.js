// The checkout form: the button rests once it is pressed, and wakes again when the browser comes back to this page.

const DEBOUNCE = 300;
const LONGEST = 20_000; // an answer that takes longer got lost; pressing again buys nothing twice
const form = document.querySelector("[data-checkout]");
const button = form.querySelector("[data-pay]");
let pressed = -Infinity;
let timer = null;

function rest(isResting) {
  clearTimeout(timer);
  form.toggleAttribute("data-resting", isResting);
  if (isResting) {
    button?.setAttribute("aria-disabled", "true");
    timer = setTimeout(() => rest(false), LONGEST);
  } else {
    button?.removeAttribute("aria-disabled");
    form.removeAttribute("data-sent");
  }
}

form.addEventListener("submit", (event) => {
  const isDouble = event.timeStamp - pressed < DEBOUNCE || form.hasAttribute("data-resting");
  if (isDouble) event.preventDefault();
  else pressed = event.timeStamp;
  if (!isDouble && event.submitter === button) rest(true);
});

addEventListener("pageshow", (event) => event.persisted && rest(false));

const wrong = document.querySelector("[aria-invalid=true]") ?? document.querySelector("[data-focus-first]");
wrong?.focus();
