// How far two masks agree: seglib/evaluation in JavaScript, for one slice.
//
// A mask is a Uint8Array of 0 and 1, row by row. Both empty: overlap is not defined (NaN). One empty:
// overlap is 0 and there is no distance.

/**
 * Score a mask against another.
 * @param {Uint8Array} truth
 * @param {Uint8Array} drawn
 * @param {number} width Of both, in pixels.
 * @param {number[]} spacing Sides of a pixel (row, column): in mm, or [1, 1] for pixels.
 * @param {number} tolerance Of the surface Dice, in the unit of the spacing.
 */
export function score(truth, drawn, width, spacing = [1, 1], tolerance = 1) {
  let both = 0;
  let either = 0;
  truth.forEach((value, i) => {
    both += value & drawn[i];
    either += value | drawn[i];
  });
  const outlines = [truth, drawn].map((mask) => surface(mask, width));
  const [there, back] = [distances(...outlines, spacing), distances(...outlines.toReversed(), spacing)];
  return {
    dice: (2 * both) / (both + either),
    jaccard: both / either,
    hd95: Math.max(percentile(there, 95), percentile(back, 95)),
    surfaceDice: surfaceDice(outlines, there, back, tolerance),
  };
}

/** Pixels of a mask, as [row, column], that touch background, or the border, across a side. */
export function surface(mask, width) {
  const height = mask.length / width;
  const inside = (row, column) =>
    row >= 0 && row < height && column >= 0 && column < width && mask[row * width + column];
  const found = [];
  for (let i = 0; i < mask.length; i++) {
    if (!mask[i]) continue;
    const [row, column] = [Math.floor(i / width), i % width];
    const around = [[row - 1, column], [row + 1, column], [row, column - 1], [row, column + 1]];
    if (!around.every(([r, c]) => inside(r, c))) found.push([row, column]);
  }
  return found;
}

/** From each pixel of one outline to the nearest of the other; empty where either is empty. */
function distances(from, to, [tall, wide]) {
  if (!to.length) return [];
  return from.map(([row, column]) => {
    let nearest = Infinity;
    for (const [r, c] of to) {
      nearest = Math.min(nearest, ((row - r) * tall) ** 2 + ((column - c) * wide) ** 2);
    }
    return Math.sqrt(nearest);
  });
}

/** Linearly interpolated between the two nearest ranks, as NumPy does; NaN of nothing. */
function percentile(values, share) {
  const sorted = Float64Array.from(values).sort();
  const place = ((sorted.length - 1) * share) / 100;
  const below = sorted[Math.floor(place)] ?? NaN;
  return below + (sorted[Math.ceil(place)] - below) * (place % 1);
}

function surfaceDice(outlines, there, back, tolerance) {
  const within = [...there, ...back].filter((distance) => distance <= tolerance).length;
  return within / (outlines[0].length + outlines[1].length);
}
