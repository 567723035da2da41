// Makes an element's content equal to new HTML by changing only what differs: focus, selection, scroll and open details stay.

// What belongs to the reader, not to the server: whether details are open, and a form that is being sent.
const READERS_OWN = new Set(["open", "data-sent"]);

/** Changes the children of `element` into those of the HTML text. Elements with an id are recognised wherever they move. */
export function adopt(element, html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  adoptChildren(element, template.content);
}

function adoptChildren(old, fresh) {
  const kept = new Set([...fresh.childNodes].map((node) => node.id).filter(Boolean));
  let place = old.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    const found = match(old, place, wanted);
    if (!found) {
      old.insertBefore(wanted, place);
      continue;
    }
    place = clearWay(place, found, kept);
    if (found === place) place = place.nextSibling;
    else old.insertBefore(found, place);
    adoptNode(found, wanted);
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

// Removes what stands before `found` and is not wanted any more, since moving an element would take the focus out of it.
function clearWay(place, found, kept) {
  while (place && place !== found && !kept.has(place.id)) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
  return place;
}

// The old node that becomes this one: the one with its id, or the one that stands here if it is of its sort and has no id.
function match(parent, place, wanted) {
  if (wanted.id) {
    const known = parent.ownerDocument.getElementById(wanted.id);
    return known?.parentNode === parent && known.localName === wanted.localName ? known : null;
  }
  if (!place || place.id || place.nodeType !== wanted.nodeType) return null;
  return place.nodeName === wanted.nodeName ? place : null;
}

function adoptNode(old, fresh) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !READERS_OWN.has(name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value && !READERS_OWN.has(name)) old.setAttribute(name, value);
  }
  adoptChildren(old, fresh);
}
