// The list of chapters: a click goes there, the present one is marked.

/** Keeps the list in step with a player. */
export function watchChapters(list, player) {
  const links = [...list.querySelectorAll("[data-seek]")];
  list.addEventListener("click", (event) => {
    const link = event.target.closest("[data-seek]");
    if (!link) return;
    event.preventDefault();
    player.seek(Number(link.dataset.seek));
    player.play();
  });
  player.addEventListener("time", ({ detail }) => mark(links, player.chapterAt(detail.position)));
}

function mark(links, chapter) {
  for (const link of links) {
    const present = chapter !== undefined && Number(link.dataset.seek) === chapter.at;
    if (present) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}
