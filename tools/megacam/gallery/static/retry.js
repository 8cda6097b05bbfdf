// Pictures that S3 did not give are asked for again, less and less often; a deleted one is not.

const WAITS_S = [2, 5, 10, 20, 40, 60, 60, 60, 60];

document.addEventListener("error", (event) => {
  const image = event.target;
  if (!(image instanceof HTMLImageElement) || !image.dataset.retry) return;
  const tries = Number(image.dataset.tries ?? 0);
  image.closest(".cell, .photo")?.classList.add("unavailable");
  if (tries >= WAITS_S.length) return;
  image.dataset.tries = String(tries + 1);
  setTimeout(() => { image.src = image.dataset.retry; }, WAITS_S[tries] * 1000);
}, true);

document.addEventListener("load", (event) => {
  if (event.target instanceof HTMLImageElement) {
    event.target.closest(".cell, .photo")?.classList.remove("unavailable");
  }
}, true);
