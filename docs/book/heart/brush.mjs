// A round brush: pointer, pen or finger draws strokes of pixels.

/**
 * Call `paint(pixels)` with the pixels of each new piece of a stroke, and `done()` after it.
 * @param {import("./view.mjs").View} view
 * @param {() => {image: object, radius: number}} state What is drawn on, and with which radius (pixels).
 * @param {(pixels: number[]) => void} paint Gets places in the image's row of pixels.
 * @param {() => void} done
 */
export function listen(view, state, paint, done) {
  const { canvas } = view;
  let last = null;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    last = view.pixelAt(event);
    paint(stroke(last, last, state()));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (last === null) return;
    const here = view.pixelAt(event);
    paint(stroke(last, here, state()));
    last = here;
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, () => {
      if (last !== null) done();
      last = null;
    });
  }
}

/** The pixels whose centres lie within `radius` of the line from one place to another. */
export function stroke([y0, x0], [y1, x1], { image, radius }) {
  const found = [];
  const [top, bottom] = [Math.min(y0, y1) - radius, Math.max(y0, y1) + radius];
  const [left, right] = [Math.min(x0, x1) - radius, Math.max(x0, x1) + radius];
  const squared = (y1 - y0) ** 2 + (x1 - x0) ** 2;
  for (let row = Math.max(0, Math.floor(top)); row <= Math.min(image.height - 1, bottom); row++) {
    for (let column = Math.max(0, Math.floor(left)); column <= Math.min(image.width - 1, right); column++) {
      const [y, x] = [row + 0.5 - y0, column + 0.5 - x0];
      const along = squared ? (y * (y1 - y0) + x * (x1 - x0)) / squared : 0;
      const t = Math.min(1, Math.max(0, along));
      const away = Math.hypot(y - t * (y1 - y0), x - t * (x1 - x0));
      if (away <= radius) found.push(row * image.width + column);
    }
  }
  return found;
}
