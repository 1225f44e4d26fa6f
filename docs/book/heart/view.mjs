// Draws an image with its masks on a canvas, and tells which pixel lies under the pointer.

const SIDE = 768; // of the canvas in its own pixels; the page shows it smaller where need be
const PROBABILITY_ALPHA = 0.55;
const CUT_OFF = 0.005; // share of the shown pixels, at each end

export class View {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {{truth: string, prediction: string, own: string}} colours
   */
  constructor(canvas, colours) {
    this.canvas = canvas;
    this.colours = colours;
    canvas.width = canvas.height = SIDE;
    this.context = canvas.getContext("2d");
  }

  /** Show `side` pixels from (top, left) on; all of the image where it is smaller. */
  frame(image, side) {
    this.side = side ? Math.min(side, Math.max(image.height, image.width)) : Math.max(image.height, image.width);
    this.top = Math.floor(image.height / 2) - Math.floor(this.side / 2);
    this.left = Math.floor(image.width / 2) - Math.floor(this.side / 2);
    this.scale = SIDE / this.side;
  }

  /** The pixel under the pointer, as [row, column] with fractions. */
  pixelAt(event) {
    const box = this.canvas.getBoundingClientRect();
    const row = ((event.clientY - box.top) / box.height) * this.side + this.top;
    const column = ((event.clientX - box.left) / box.width) * this.side + this.left;
    return [row, column];
  }

  /**
   * @param {object} image
   * @param {Float32Array|null} probability Laid over the image where it is given.
   * @param {{mask: Uint8Array, role: string}[]} outlines From below to above.
   */
  draw(image, probability, outlines) {
    const { context } = this;
    context.fillStyle = "black";
    context.fillRect(0, 0, SIDE, SIDE);
    context.imageSmoothingEnabled = false;
    this.#paint(image, grey(image, this.#shown(image)));
    if (probability) this.#paint(image, heat(probability, this.colours.prediction));
    for (const { mask, role } of outlines) this.#outline(mask, image.width, this.colours[role], role);
  }

  /** The intensities of the pixels in the frame. */
  #shown({ values, width }) {
    const within = (place, start) => place >= start && place < start + this.side;
    return values.filter((_, i) => within(Math.floor(i / width), this.top) && within(i % width, this.left));
  }

  #paint(image, data) {
    const layer = new OffscreenCanvas(image.width, image.height);
    layer.getContext("2d").putImageData(new ImageData(data, image.width), 0, 0);
    const { scale, top, left } = this;
    this.context.drawImage(layer, -left * scale, -top * scale, image.width * scale, image.height * scale);
  }

  /** The sides of pixels where a mask ends. */
  #outline(mask, width, colour, role) {
    const height = mask.length / width;
    const inside = (row, column) =>
      row >= 0 && row < height && column >= 0 && column < width && mask[row * width + column];
    const { context, scale, top, left } = this;
    const side = (row, column, down, right) => {
      context.moveTo((column - left) * scale, (row - top) * scale);
      context.lineTo((column + right - left) * scale, (row + down - top) * scale);
    };
    context.beginPath();
    mask.forEach((value, i) => {
      if (!value) return;
      const [row, column] = [Math.floor(i / width), i % width];
      if (!inside(row - 1, column)) side(row, column, 0, 1);
      if (!inside(row + 1, column)) side(row + 1, column, 0, 1);
      if (!inside(row, column - 1)) side(row, column, 1, 0);
      if (!inside(row, column + 1)) side(row, column + 1, 1, 0);
    });
    context.strokeStyle = colour;
    context.lineWidth = role === "own" ? 6 : 4;
    // Told apart by more than colour: the own outline is dashed, one dash for each pixel's side.
    context.lineCap = role === "own" ? "butt" : "square";
    context.setLineDash(role === "own" ? [0.65 * scale, 0.35 * scale] : []);
    context.stroke();
    context.setLineDash([]);
  }
}

/** An image as grey, dark and bright ends cut off: a few bright pixels would darken all others. */
function grey({ values }, shown) {
  const sorted = Float32Array.from(shown).sort();
  const low = sorted[Math.floor(CUT_OFF * (sorted.length - 1))];
  const high = sorted[Math.ceil((1 - CUT_OFF) * (sorted.length - 1))];
  const data = new Uint8ClampedArray(4 * values.length);
  values.forEach((value, i) => {
    data.fill((255 * (value - low)) / (high - low || 1), 4 * i, 4 * i + 3);
    data[4 * i + 3] = 255;
  });
  return data;
}

function heat(probability, colour) {
  const channels = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  const data = new Uint8ClampedArray(4 * probability.length);
  probability.forEach((value, i) => {
    data.set([...channels, 255 * PROBABILITY_ALPHA * value], 4 * i);
  });
  return data;
}
