// A file that was chosen or dropped becomes an image. It is read here and sent nowhere.

import { isDicom, readDicom } from "./dicom.mjs";

const LARGEST = 1024; // sides above this are no MR slice of a heart, and would make drawing slow
const SHARES = [0.299, 0.587, 0.114]; // of red, green and blue in brightness (ITU-R BT.601)
const DEPTH_AT = 24; // where a PNG file says how many bits a sample has

/**
 * @param {Blob} file A PNG, JPEG or DICOM file.
 * @returns {Promise<{values: Float32Array, height: number, width: number, spacing: number[]|null}>}
 */
export async function readFile(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const image = isDicom(bytes) ? readDicom(bytes) : await readPicture(bytes);
  if (Math.max(image.height, image.width) > LARGEST) {
    throw new Error(`The image has ${image.width}×${image.height} pixels; ${LARGEST} a side at most.`);
  }
  return image;
}

async function readPicture(bytes) {
  if (bytes[0] === 0x89 && bytes[DEPTH_AT] === 16) {
    throw new Error("The PNG file has 16 bits a pixel, of which a browser shows 8; save it with 8.");
  }
  let bitmap;
  try {
    // Without this option the browser would change grey values by the file's colour profile.
    const asStored = { colorSpaceConversion: "none", premultiplyAlpha: "none" };
    bitmap = await createImageBitmap(new Blob([bytes]), asStored);
  } catch {
    throw new Error("This is no PNG, JPEG or DICOM file that a browser can read.");
  }
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d");
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const values = new Float32Array(width * height);
  for (let i = 0; i < values.length; i++) values[i] = brightness(data, 4 * i);
  return { values, height, width, spacing: null };
}

/** As seglib: grey stays as it is, colour becomes brightness, rounded. */
function brightness(data, at) {
  const [red, green, blue] = [data[at], data[at + 1], data[at + 2]];
  if (red === green && green === blue) return red;
  return Math.round(SHARES[0] * red + SHARES[1] * green + SHARES[2] * blue);
}
