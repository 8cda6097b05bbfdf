// What the other scripts share. They are classic scripts, loaded in order, as a page that is
// opened from a folder (file://) may load no modules: what one declares at its top the next ones see.

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

// The last index whose time is at or before t, -1 for none. Frames are [time, name, moved, starred].
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

// The viewer's wall clock: `zone` is [[from this second on, seconds east of UTC], ...].
const clockOf = (zone) => (t) => {
  let offset = 0;
  for (const [from, east] of zone) if (t >= from) offset = east;
  return new Date((t + offset) * 1000).toISOString().slice(11, 19);
};

// Whether a key belongs to what has the focus: a field that is typed into, or a dialog.
const isTyping = (event) => Boolean(
  event.ctrlKey || event.metaKey || event.altKey
  || event.target.closest?.("input:not([type=range]), select, textarea, [role=dialog]"),
);
