// The receipt's PDF appears by itself when its job has ended; and a button that prints.

const box = document.getElementById("receipt-file");
const ASK_EVERY = 5_000;

function offerPrint() {
  for (const button of box.querySelectorAll("[data-print]")) button.hidden = false;
}

function jobId() {
  return box.querySelector("[data-job]")?.dataset.job;
}

async function refresh() {
  try {
    const response = await fetch(box.dataset.fileUrl, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(15_000) });
    if (response.redirected || !response.ok) throw new Error(`HTTP ${response.status}`);
    box.innerHTML = await response.text();
    offerPrint();
  } catch (error) {
    console.debug("Studium: the receipt is asked for again", error.message);
  }
}

box.addEventListener("click", (event) => event.target.closest("[data-print]") && print());
document.addEventListener("studium:job", ({ detail }) => detail.id === jobId() && refresh());
setInterval(() => jobId() && refresh(), ASK_EVERY);
offerPrint();
