// Favourites, which the gallery's server stores beside its thumbnails.

const keepStar = async (key, starred) => {
  const address = `favourite?key=${encodeURIComponent(key)}`;
  const answer = await fetch(address, { method: starred ? "PUT" : "DELETE" }).catch(() => null);
  return Boolean(answer?.ok);
};

// Make a button that stars what `shown()` returns: {frame, key}; basics.js describes frames.
const makeStar = (shown) => {
  const draw = () => {
    const starred = Boolean(shown()?.frame[3]);
    button.textContent = starred ? "★" : "☆";
    button.setAttribute("aria-pressed", String(starred));
  };
  const turn = async () => {
    const { frame, key } = shown() ?? {};
    if (!frame) return;
    const wanted = frame[3] ? 0 : 1;
    if (await keepStar(key, Boolean(wanted))) frame[3] = wanted;
    draw();
    button.dispatchEvent(new Event("star", { bubbles: true }));
  };
  const button = makeButton("☆", "Favourite (S)", turn);
  button.classList.add("star");
  return { button, draw };
};
