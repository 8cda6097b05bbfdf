// Request pictures again that failed to load, less and less often. If the server answers 404, for
// example because the photo is deleted or damaged, show the reason instead.

const WAITS_S = [2, 5, 10, 20, 40, 60, 60, 60, 60];

const again = (image) => {
  const tries = Number(image.dataset.tries ?? 0);
  if (tries >= WAITS_S.length) return;
  image.dataset.tries = String(tries + 1);
  setTimeout(() => ask(image), WAITS_S[tries] * 1000);
};

const ask = async (image) => {
  const source = image.dataset.retry;
  const answer = await fetch(source).catch(() => null);
  if (answer?.ok) image.src = source;
  else if (answer?.status === 404) tell(image, await answer.text());
  else again(image);
};

const tell = (image, reason) => {
  const box = image.closest(".cell, .photo");
  if (!box) return;
  box.dataset.reason = reason;
  box.title = reason;
};

document.addEventListener("error", (event) => {
  const image = event.target;
  if (!(image instanceof HTMLImageElement) || !image.dataset.retry) return;
  image.closest(".cell, .photo")?.classList.add("unavailable");
  again(image);
}, true);

document.addEventListener("load", (event) => {
  if (event.target instanceof HTMLImageElement) {
    event.target.closest(".cell, .photo")?.classList.remove("unavailable");
  }
}, true);
