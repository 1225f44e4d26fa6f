// The scores of the masks on the page, pair by pair.

import { score } from "./scores.mjs";

const NAMES = { own: "yours", prediction: "the network's", truth: "the expert's" };
const PAIRS = [["truth", "prediction"], ["truth", "own"], ["prediction", "own"]]; // truth first

/**
 * Fill the table's body with a row for each pair of masks that are there.
 * @param {HTMLTableElement} table
 * @param {{own: Uint8Array, prediction: Uint8Array|null, truth: Uint8Array|null}} masks
 * @param {{width: number, spacing: number[]|null}} image
 */
export function showScores(table, masks, image) {
  const unit = image.spacing ? "mm" : "pixels";
  table.querySelector("[data-unit]").textContent = `HD95 (${unit})`;
  table.querySelector("[data-tolerance]").textContent = `Surface Dice (within 1 ${image.spacing ? "mm" : "pixel"})`;
  const rows = PAIRS.filter((pair) => pair.every((role) => masks[role]?.includes(1))).map((pair) => {
    const [truth, drawn] = pair.map((role) => masks[role]);
    const found = score(truth, drawn, image.width, image.spacing ?? [1, 1]);
    return row(
      `${NAMES[pair[1]]} against ${NAMES[pair[0]]}`,
      [found.dice, found.jaccard, found.hd95, found.surfaceDice],
    );
  });
  table.tBodies[0].replaceChildren(...rows);
}

function row(name, numbers) {
  const line = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = name;
  line.append(head);
  numbers.forEach((number, i) => {
    const digits = i === 2 ? 1 : 3; // HD95 is a distance
    line.insertCell().textContent = Number.isNaN(number) ? "–" : number.toFixed(digits);
  });
  return line;
}
