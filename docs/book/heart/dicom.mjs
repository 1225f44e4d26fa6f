// One grey, uncompressed DICOM frame. What it cannot read as Python would, it refuses with a reason.
//
// The format: DICOM PS3.5 (data elements, value representations) and PS3.10 (files).

const SYNTAXES = { "1.2.840.10008.1.2": false, "1.2.840.10008.1.2.1": true }; // explicit VR?
const LONG_LENGTH = new Set(["OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"]);
const UNDEFINED = 0xffffffff;
const ITEM = 0xfffee000;
const ITEM_END = 0xfffee00d;
const SEQUENCE_END = 0xfffee0dd;
const TAGS = {
  0x00020010: "syntax", 0x00280002: "samples", 0x00280004: "photometric", 0x00280008: "frames",
  0x00280010: "rows", 0x00280011: "columns", 0x00280030: "spacing", 0x00280100: "allocated",
  0x00280101: "stored", 0x00280103: "signed", 0x00281052: "intercept", 0x00281053: "slope",
  0x00283000: "table", 0x7fe00010: "pixels",
};
const TEXTS = new Set(["syntax", "photometric", "frames", "spacing", "intercept", "slope"]);
const CONVERT = "Convert it to PNG, e.g. with DCMTK's dcm2img.";

/** Whether a file begins as a DICOM file does. */
export function isDicom(bytes) {
  return bytes.length > 132 && String.fromCharCode(...bytes.subarray(128, 132)) === "DICM";
}

/**
 * Read one frame.
 * @param {Uint8Array} bytes The file.
 * @returns {{values: Float32Array, height: number, width: number, spacing: number[]|null}}
 *   Intensities, rescaled as the header says; the sides of a pixel in mm (row, column).
 */
export function readDicom(bytes) {
  const file = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = {};
  const start = elements(file, 132, () => true, header, (tag) => tag >>> 16 === 2);
  const explicit = SYNTAXES[header.syntax];
  if (explicit === undefined) {
    throw new Error(`Its pixels are compressed, or stored in an unusual order (${header.syntax}). ${CONVERT}`);
  }
  elements(file, start, () => explicit, header, () => true);
  requireOneGreyFrame(header);
  const values = intensities(header);
  if (header.photometric === "MONOCHROME1") invert(values);
  const spacing = header.spacing?.split("\\").map(Number);
  const known = spacing?.length === 2 && spacing.every((side) => side > 0);
  return { values, height: header.rows, width: header.columns, spacing: known ? spacing : null };
}

/** Read data elements from `at` on into `header`, while `wanted` says so; return where it ended. */
function elements(file, at, explicit, header, wanted) {
  while (at + 8 <= file.byteLength) {
    const tag = ((file.getUint16(at, true) << 16) | file.getUint16(at + 2, true)) >>> 0;
    if (!wanted(tag)) break;
    if (tag === ITEM_END || tag === SEQUENCE_END) return at + 8;
    let [length, begin] = extent(file, at, tag, explicit());
    if (length === UNDEFINED) {
      if (tag === 0x7fe00010) throw new Error(`Its pixels are compressed. ${CONVERT}`);
      at = elements(file, begin, explicit, {}, () => true); // a sequence, or an item of one
      if (TAGS[tag] === "table") header.table = true;
      continue;
    }
    if (begin + length > file.byteLength) throw new Error("The file is cut off; take an intact copy.");
    if (TAGS[tag]) header[TAGS[tag]] = value(file, TAGS[tag], begin, length);
    at = begin + length;
  }
  return at;
}

/** Length and beginning of the value of the element at `at`. */
function extent(file, at, tag, explicit) {
  if (!explicit || tag === ITEM) return [file.getUint32(at + 4, true), at + 8];
  const kind = String.fromCharCode(file.getUint8(at + 4), file.getUint8(at + 5));
  if (LONG_LENGTH.has(kind)) return [file.getUint32(at + 8, true), at + 12];
  return [file.getUint16(at + 6, true), at + 8];
}

function value(file, name, begin, length) {
  const bytes = new Uint8Array(file.buffer, file.byteOffset + begin, length);
  if (name === "pixels") return bytes;
  if (name === "table") return true;
  if (TEXTS.has(name)) return new TextDecoder().decode(bytes).replace(/[\0 ]+$/, "").trim();
  return file.getUint16(begin, true);
}

function requireOneGreyFrame(header) {
  const { rows, columns, samples, photometric, frames, allocated, stored, pixels, table } = header;
  if (!pixels || !rows || !columns) throw new Error("This DICOM file holds no image.");
  if (samples !== 1 || !/^MONOCHROME[12]$/.test(photometric)) {
    throw new Error(`Expected a grey image, found ${photometric}. ${CONVERT}`);
  }
  if (Number(frames ?? 1) > 1) throw new Error(`Expected one frame, found ${frames}. ${CONVERT}`);
  if (table) throw new Error(`Its intensities go through a table (Modality LUT). ${CONVERT}`);
  if (allocated !== 8 && allocated !== 16) {
    throw new Error(`Expected 8 or 16 bits a pixel, found ${allocated}. ${CONVERT}`);
  }
  if (!(stored > 0 && stored <= allocated)) {
    throw new Error(`Its header says that ${stored} of ${allocated} bits count; take an intact copy.`);
  }
  const frameBytes = (rows * columns * allocated) / 8;
  if (pixels.length < frameBytes) {
    throw new Error("The file has fewer pixels than its header says; take an intact copy.");
  }
  if (pixels.length >= 2 * frameBytes) throw new Error(`Expected one frame, found more. ${CONVERT}`);
}

function intensities({ rows, columns, allocated, stored, signed, slope, intercept, pixels }) {
  const view = new DataView(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  const unused = 32 - stored; // bits above those that count
  const values = new Float32Array(rows * columns);
  const factor = slope ? Number(slope) : 1;
  const shift = intercept ? Number(intercept) : 0;
  if (!Number.isFinite(factor) || !Number.isFinite(shift) || factor === 0) {
    throw new Error(`Its header rescales intensities by ${slope} and ${intercept}.`);
  }
  for (let i = 0; i < values.length; i++) {
    const raw = (allocated === 8 ? view.getUint8(i) : view.getUint16(2 * i, true)) << unused;
    values[i] = (signed ? raw >> unused : raw >>> unused) * factor + shift;
  }
  return values;
}

function invert(values) {
  const largest = values.reduce((most, value) => Math.max(most, value), -Infinity);
  for (let i = 0; i < values.length; i++) values[i] = largest - values[i];
}
