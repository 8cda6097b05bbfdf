// Functions that the other scripts share. All of them are classic scripts, because a page opened
// from a folder (file://) cannot load modules. They load in order and share their top-level names.

const make = (tag, className, properties = {}) => {
  const element = Object.assign(document.createElement(tag), properties);
  if (className) element.className = className;
  return element;
};

const makeButton = (text, label, action) => {
  const made = make("button", "tool", { type: "button", textContent: text, title: label });
  made.setAttribute("aria-label", label);
  made.addEventListener("click", action);
  return made;
};

// How far beyond the edge of the screen pictures are loaded.
const AHEAD_PX = 500;

// Call act() once an element is in view or nearly so.
const whenNear = (element, act) => {
  acts.set(element, act);
  near.observe(element);
};
const acts = new WeakMap();
const near = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    near.unobserve(target);
    acts.get(target)();
  }
}, { rootMargin: `${AHEAD_PX}px` });

// <megacam-hours>: thumbnails that are loaded when they come near. A browser's own lazy loading
// begins up to 2,500 pixels away, which is most sheets of a day.
class Hours extends HTMLElement {
  connectedCallback() {
    for (const image of this.querySelectorAll("img:not([src])")) {
      whenNear(image, () => { image.src = image.dataset.retry; });
    }
  }
}

customElements.define("megacam-hours", Hours);

// Return the last index with a time at or before t, or -1. Frames are [time, name, moved, starred].
const indexAt = (frames, t) => {
  let low = 0;
  let high = frames.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (frames[middle][0] <= t) low = middle + 1;
    else high = middle;
  }
  return low - 1;
};

// Return a function that formats a time in the viewer's zone.
// `zone` is [[from this second on, seconds east of UTC], ...].
const clockOf = (zone) => (t) => {
  let offset = 0;
  for (const [from, east] of zone) if (t >= from) offset = east;
  return new Date((t + offset) * 1000).toISOString().slice(11, 19);
};

// Return whether a key belongs to the focused element: an input field or a dialog.
const isTyping = (event) => Boolean(
  event.ctrlKey || event.metaKey || event.altKey
  || event.target.closest?.("input:not([type=range]), select, textarea, [role=dialog]"),
);

// "/" leads to the search field of a page that has one.
addEventListener("keydown", (event) => {
  if (event.key !== "/" || isTyping(event)) return;
  const field = document.querySelector("input[type=search]");
  if (!field) return;
  event.preventDefault();
  field.focus();
});
