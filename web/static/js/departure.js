// Whether the person has just pressed something that leads away from this page. Whoever then loads the page anew takes the place of where
// they are going: of the answer to their own sign-out, of the page after they signed in as somebody else.

const PATIENCE = 3_000;
let pressedAt = -Infinity;

// On the window, so after the scripts that take a press for themselves.
addEventListener("submit", remember);
addEventListener("click", (event) => event.target.closest?.("a[href]") && remember(event));

function remember(event) {
  if (!event.defaultPrevented) pressedAt = event.timeStamp;
}

/** Shows this page as it is by now, asked for by GET: a reload would send a form again whose answer this page is. */
export function showAnew() {
  const wait = Math.max(0, PATIENCE - (performance.now() - pressedAt));
  setTimeout(() => location.replace(location.pathname + location.search), wait);
}
