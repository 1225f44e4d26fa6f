// The page that segments a heart: what its buttons do. Nothing of an image leaves the browser.

import { listen } from "./brush.mjs";
import { Network } from "./network.mjs";
import { readFile } from "./picture.mjs";
import { showScores } from "./table.mjs";
import { View } from "./view.mjs";

const HERE = new URL("./", import.meta.url);
const TRAINED_SPACING = 1.3; // mm, of the images that the network learnt from: see its model card
const MOST_APART = 0.25; // of that; farther off, hearts have another size than it knows
const BLANK = { side: 256, grey: 60 };

const page = document.querySelector("#heart");
const part = (name) => page.querySelector(`[data-part="${name}"]`);
const state = { image: null, probability: null, masks: { own: null, prediction: null, truth: null } };
let network, view, setting;

async function start() {
  say("Loading the network …");
  setting = await (await fetch(new URL("setting.json", HERE))).json();
  view = new View(part("canvas"), setting.colours);
  for (const [role, colour] of Object.entries(setting.colours)) {
    page.style.setProperty(`--${role}`, colour);
  }
  part("sample").replaceChildren(...setting.samples.map(({ name }, i) => new Option(name, i)));
  network = await Network.load(new URL("model.onnx", HERE));
  connect();
  await showSample();
  page.dataset.state = "ready"; // with `predicted` below, for whoever waits for the page
}

function connect() {
  part("sample").addEventListener("change", guarded(showSample));
  part("file").addEventListener("change", guarded(() => openFile(part("file").files[0])));
  part("blank").addEventListener("click", guarded(showBlank));
  part("canvas").addEventListener("dragover", (event) => event.preventDefault());
  part("canvas").addEventListener("drop", (event) => {
    event.preventDefault();
    guarded(() => openFile(event.dataTransfer.files[0]))();
  });
  for (const name of ["zoom", "probability", "prediction", "truth", "own"]) {
    part(`show-${name}`).addEventListener("change", redraw);
  }
  part("clear").addEventListener("click", () => replaceOwn((own) => own.fill(0)));
  part("copy").addEventListener("click", () => replaceOwn((own) => own.set(state.masks.prediction)));
  part("save").addEventListener("click", guarded(saveMask));
  listen(view, () => ({ image: state.image, radius: Number(part("radius").value) }), paint, guarded(strokeDone));
}

/** What a button does; a mistake is said on the page, and the picture before it stays. */
function guarded(action) {
  return async () => {
    try {
      await action();
    } catch (error) {
      say(error.message, true);
    }
  };
}

async function showSample() {
  const sample = setting.samples[part("sample").value];
  const [image, truth] = await Promise.all(
    [sample.image, sample.mask].map(async (name) => readFile(await (await fetch(new URL(name, HERE))).blob())),
  );
  await show(image, Uint8Array.from(truth.values, (value) => (value > 127 ? 1 : 0)));
}

async function openFile(file) {
  if (file) await show(await readFile(file), null);
}

async function showBlank() {
  const { side, grey } = BLANK;
  const values = new Float32Array(side * side).fill(grey);
  part("tool").value = "bright";
  await show({ values, height: side, width: side, spacing: null }, null);
  say("Draw a heart: a dark ring with something bright inside. The network looks after each stroke.");
}

async function show(image, truth) {
  state.image = image;
  state.masks.truth = truth;
  state.masks.own = new Uint8Array(image.values.length);
  part("show-truth").disabled = truth === null;
  await predict();
}

async function predict() {
  const began = performance.now();
  const { probability, mask } = await network.predict(state.image);
  const took = Math.round(performance.now() - began);
  state.probability = probability;
  state.masks.prediction = mask;
  const { height, width, spacing } = state.image;
  const pixels = mask.reduce((sum, value) => sum + value, 0);
  say(`${width}×${height} pixels; the network marks ${pixels} of them, in ${took} ms.${warning(spacing)}`);
  page.dataset.predicted = Number(page.dataset.predicted ?? 0) + 1;
  redraw();
}

function warning(spacing) {
  if (!spacing || Math.abs(spacing[0] / TRAINED_SPACING - 1) <= MOST_APART) return "";
  return ` Its pixels are ${spacing[0]} mm wide, and the network knows ${TRAINED_SPACING} mm: do not trust it here.`;
}

/** The tool draws on the own mask, or on the picture. */
function paint(pixels) {
  const tool = part("tool").value;
  if (tool === "mask" || tool === "rub") {
    for (const i of pixels) state.masks.own[i] = tool === "mask" ? 1 : 0;
  } else {
    for (const i of pixels) state.image.values[i] = extreme(tool === "bright");
  }
  redraw();
}

/** A grey near an end of the picture's own range, so that drawing does not stretch it. */
function extreme(bright) {
  const largest = state.image.values.reduce((most, value) => Math.max(most, value), 1);
  return bright ? Math.max(largest, 200) : 10;
}

async function strokeDone() {
  if (["bright", "dark"].includes(part("tool").value)) await predict();
}

function replaceOwn(change) {
  change(state.masks.own);
  redraw();
}

function redraw() {
  view.frame(state.image, part("show-zoom").checked ? network.steps.size : 0);
  const outlines = ["truth", "prediction", "own"]
    .filter((role) => state.masks[role] && part(`show-${role}`).checked)
    .map((role) => ({ mask: state.masks[role], role }));
  view.draw(state.image, part("show-probability").checked ? state.probability : null, outlines);
  showScores(part("scores"), state.masks, state.image);
}

/** The network's mask as seglib writes one: PNG, 0 and 255, the image's own size. */
async function saveMask() {
  const { height, width } = state.image;
  const canvas = new OffscreenCanvas(width, height);
  const data = new Uint8ClampedArray(4 * width * height);
  state.masks.prediction.forEach((value, i) => data.set([255 * value, 255 * value, 255 * value, 255], 4 * i));
  canvas.getContext("2d").putImageData(new ImageData(data, width), 0, 0);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await canvas.convertToBlob());
  link.download = "mask.png";
  link.click();
  URL.revokeObjectURL(link.href);
}

function say(text, wrong = false) {
  part("status").textContent = text;
  part("status").classList.toggle("wrong", wrong);
}

start().catch((error) => say(`The page could not start: ${error.message}`, true));
