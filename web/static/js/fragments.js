// Applies server-rendered HTML fragments of the cable to the page, by element id.

const ACTIONS = {
  replace: (target, content) => target.replaceWith(content),
  append: (target, content) => target.append(content),
  prepend: (target, content) => target.prepend(content),
  remove: (target) => target.remove(),
};

/** Applies {action, target, html}. A target that this page does not have is no error: other pages have it. */
export function applyFragment({ action, target, html = "" }) {
  const element = document.getElementById(target);
  const apply = ACTIONS[action];
  if (!element || !apply) return false;
  const template = document.createElement("template");
  template.innerHTML = html;
  apply(element, template.content);
  return true;
}
