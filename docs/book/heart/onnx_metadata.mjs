// What an ONNX file says about itself. ONNX Runtime's own JavaScript does not give it away.
//
// An ONNX file is a Protocol Buffers message, ModelProto: a row of fields, each a key and a value.
// https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, https://protobuf.dev/programming-guides/encoding

const METADATA_PROPS = 14; // in ModelProto: repeated StringStringEntryProto
const KEY = 1; // in StringStringEntryProto
const VALUE = 2;
const VARINT = 0;
const FIXED_64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

/**
 * Read the entries of an ONNX file's metadata.
 * @param {Uint8Array} bytes The file.
 * @returns {Map<string, string>} Value by key.
 */
export function readMetadata(bytes) {
  const entries = new Map();
  const text = new TextDecoder();
  for (const [field, value] of fields(bytes)) {
    if (field !== METADATA_PROPS) continue;
    const entry = new Map(fields(value));
    entries.set(text.decode(entry.get(KEY)), text.decode(entry.get(VALUE)));
  }
  return entries;
}

/** The length-delimited fields of a message, as [number, bytes]; numbers are passed over. */
function* fields(bytes) {
  let at = 0;
  const varint = () => {
    // Multiplied, not shifted: JavaScript shifts 32 bits, and a length may need more.
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      if (at >= bytes.length) throw new Error("The model file is cut off.");
      const byte = bytes[at++];
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const kind = key % 8;
    if (kind === VARINT) varint();
    else if (kind === FIXED_64) at += 8;
    else if (kind === FIXED_32) at += 4;
    else if (kind === LENGTH_DELIMITED) {
      const length = varint();
      yield [Math.floor(key / 8), bytes.subarray(at, at + length)];
      at += length;
    } else throw new Error("The model file is no ONNX file.");
  }
}
