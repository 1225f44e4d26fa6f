// The trained network, in this browser: ONNX Runtime compiled to WebAssembly.

import * as ort from "./ort/dist/ort.wasm.min.mjs";
import { readMetadata } from "./onnx_metadata.mjs";
import { cropOrPad, prepare, requireKnown } from "./preprocessing.mjs";

const ENTRY = "seglib"; // seglib's own entry in the metadata of an ONNX file
const LEVEL = 0.5; // a pixel belongs to the mask where its probability is at least this

// Several threads need headers that a plain file server does not send.
ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = new URL("./ort/dist/", import.meta.url).href;

export class Network {
  /** @param {URL} url Of an .onnx file that seglib has written. */
  static async load(url) {
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(`The model is not there (${answer.status}): ${url}`);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const entry = readMetadata(bytes).get(ENTRY);
    if (entry === undefined) throw new Error("The model does not say how to prepare images.");
    const network = new Network();
    network.steps = JSON.parse(entry).preprocessing;
    requireKnown(network.steps);
    network.session = await ort.InferenceSession.create(bytes);
    return network;
  }

  /**
   * Outline the heart of one image.
   * @param {{values: Float32Array, height: number, width: number}} image
   * @returns {Promise<{probability: Float32Array, mask: Uint8Array}>} On the image's own pixels;
   *   outside the square that the network sees both are 0.
   */
  async predict(image) {
    const { size } = this.steps;
    const input = new ort.Tensor("float32", prepare(image, this.steps).values, [1, size, size, 1]);
    const answer = await this.session.run({ [this.session.inputNames[0]]: input });
    const values = answer[this.session.outputNames[0]].data;
    const whole = cropOrPad({ values, height: size, width: size }, image.height, image.width);
    const mask = Uint8Array.from(whole.values, (value) => (value >= LEVEL ? 1 : 0));
    return { probability: whole.values, mask };
  }
}
