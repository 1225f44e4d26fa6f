// From stored intensities to network input and back: seglib/preprocessing/steps.py in JavaScript.
//
// An image is {values, height, width}: values row by row, Float32Array.

/**
 * Cut or fill an image, keeping the centre in the centre. Called again with the old size it puts
 * every kept pixel back where it was; pixels that were cut off come back as 0.
 * @param {{values: Float32Array, height: number, width: number}} image
 * @param {number} height New height in pixels.
 * @param {number} width New width in pixels.
 */
export function cropOrPad(image, height, width) {
  // Floor of the half difference of centres, so that cropping and padding agree for odd sizes.
  const top = half(image.height) - half(height);
  const left = half(image.width) - half(width);
  const values = new Float32Array(height * width);
  for (let row = Math.max(0, -top); row < Math.min(height, image.height - top); row++) {
    for (let column = Math.max(0, -left); column < Math.min(width, image.width - left); column++) {
      values[row * width + column] = image.values[(row + top) * image.width + column + left];
    }
  }
  return { values, height, width };
}

const half = (size) => Math.floor(size / 2);

/** Mean 0 and standard deviation 1; a constant image becomes all zeros. */
function zScore(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return scaled(values, mean, Math.sqrt(squares / values.length));
}

/** Stretched to [0, 1]; a constant image becomes all zeros. */
function minMax(values) {
  const low = values.reduce((least, value) => Math.min(least, value), Infinity);
  const high = values.reduce((most, value) => Math.max(most, value), -Infinity);
  return scaled(values, low, high - low);
}

const scaled = (values, shift, scale) => values.map((value) => (value - shift) / (scale || 1));

const NORMALISATIONS = new Map([["z-score", zScore], ["min-max", minMax]]);

/**
 * Refuse a model that needs what is not written here.
 * @param {object} steps The model's preprocessing, as its file holds it.
 */
export function requireKnown(steps) {
  if (steps.resize !== null || steps.size === null || !NORMALISATIONS.has(steps.normalisation)) {
    throw new Error(
      "This page prepares images by a central crop and z-score or min-max alone; the model needs " +
        `size ${steps.size}, resize ${steps.resize}, normalisation ${steps.normalisation}.`,
    );
  }
}

/** What the network sees of an image: its central square, normalised and then padded. */
export function prepare(image, steps) {
  const { size } = steps;
  const seen = cropOrPad(image, Math.min(image.height, size), Math.min(image.width, size));
  seen.values = NORMALISATIONS.get(steps.normalisation)(seen.values);
  return cropOrPad(seen, size, size); // padding must not change the statistics
}
