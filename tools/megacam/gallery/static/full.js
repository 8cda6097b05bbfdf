// Full screen, and the buttons on top of pictures.

const FULL_SIGN = '<svg viewBox="0 0 16 16" width="17" height="17" aria-hidden="true">'
  + '<path d="M1 6V1h5M10 1h5v5M15 10v5h-5M6 15H1v-5"/></svg>';

const isFull = () => Boolean(document.fullscreenElement || document.querySelector(".full"));

const toggleFull = async (element) => {
  if (document.fullscreenElement) return document.exitFullscreen();
  if (element.classList.contains("full") || !element.requestFullscreen) {
    // iPhones allow full screen for videos only: fill the window instead.
    element.classList.toggle("full");
    return undefined;
  }
  return element.requestFullscreen().catch(() => element.classList.add("full"));
};

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") document.querySelector(".full")?.classList.remove("full");
});

// Add buttons at the top right corner of `surface`: zoom, if there is one, and full screen.
const overlay = (surface, whole, zoom, ...others) => {
  const bar = make("div", "overlay");
  if (zoom) {
    bar.append(
      makeButton("−", "Zoom out (-)", () => zoom.by(1 / ZOOM_STEP)),
      makeButton("+", "Zoom in (+)", () => zoom.by(ZOOM_STEP)),
    );
  }
  const fill = makeButton("", "Full screen (F)", () => toggleFull(whole));
  fill.innerHTML = FULL_SIGN;
  bar.append(...others, fill);
  surface.append(bar);
};
