// Writes GGUF, llama.cpp's file format, version 3: a count of tensors and of values, the values, what each tensor is
// called and where it lies, and the tensors, each aligned to 32 bytes. Little endian throughout.
// Source: docs/gguf.md of ggml-org/ggml.
import fs from 'node:fs';

const ALIGNMENT = 32;
const TYPE = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 };
const TENSOR = { f32: 0, f16: 1 };

const u32 = (n) => { const b = Buffer.alloc(4); b.writeUInt32LE(n); return b; };
const i32 = (n) => { const b = Buffer.alloc(4); b.writeInt32LE(n); return b; };
const u64 = (n) => { const b = Buffer.alloc(8); b.writeBigUInt64LE(BigInt(n)); return b; };
const f32 = (n) => { const b = Buffer.alloc(4); b.writeFloatLE(n); return b; };
const string = (text) => { const b = Buffer.from(text); return Buffer.concat([u64(b.length), b]); };
const WRITE = { u32, i32, f32, string, bool: (on) => Buffer.from([on ? 1 : 0]) };

const aligned = (n) => Math.ceil(n / ALIGNMENT) * ALIGNMENT;

// IEEE 754 half precision, towards zero; what is too small for it is 0. `x` is finite and below 65,504.
const single = new Float32Array(1);
const bits = new Uint32Array(single.buffer);
function half(x) {
  single[0] = x;
  const sign = (bits[0] >>> 16) & 0x8000;
  const exponent = ((bits[0] >>> 23) & 255) - 127 + 15;
  return exponent <= 0 ? sign : sign | (exponent << 10) | ((bits[0] >>> 13) & 0x3ff);
}

export class Gguf {
  #values = [];
  #tensors = [];

  value(type, key, value) {
    this.#values.push(Buffer.concat([string(key), u32(TYPE[type]), WRITE[type](value)]));
  }

  list(type, key, values) {
    const head = [string(key), u32(TYPE.array), u32(TYPE[type]), u64(values.length)];
    this.#values.push(Buffer.concat([...head, ...values.map(WRITE[type])]));
  }

  // `shape`: the fastest dimension first. `at(row)` gives the function that makes the row's numbers.
  tensor(kind, name, shape, at) {
    this.#tensors.push({ kind, name, shape, at, count: shape.reduce((a, b) => a * b, 1) });
  }

  get parameters() {
    return this.#tensors.reduce((sum, tensor) => sum + tensor.count, 0);
  }

  write(path) {
    let offset = 0;
    const described = this.#tensors.map(({ kind, name, shape, count }) => {
      const about = [string(name), u32(shape.length), ...shape.map(u64), u32(TENSOR[kind]), u64(offset)];
      offset += aligned(count * (kind === 'f32' ? 4 : 2));
      return Buffer.concat(about);
    });
    const counts = [Buffer.from('GGUF'), u32(3), u64(this.#tensors.length), u64(this.#values.length)];
    const head = Buffer.concat([...counts, ...this.#values, ...described]);
    const file = fs.openSync(path, 'w');
    fs.writeSync(file, Buffer.concat([head, Buffer.alloc(aligned(head.length) - head.length)]));
    for (const tensor of this.#tensors) fs.writeSync(file, data(tensor));
    fs.closeSync(file);
  }
}

function data({ kind, shape, at, count }) {
  const bytes = kind === 'f32' ? 4 : 2;
  const buffer = Buffer.alloc(aligned(count * bytes));
  for (let row = 0, place = 0; row < count / shape[0]; ++row) {
    const draw = at(row);
    for (let column = 0; column < shape[0]; ++column, place += bytes) {
      if (kind === 'f32') buffer.writeFloatLE(draw(), place);
      else buffer.writeUInt16LE(half(draw()), place);
    }
  }
  return buffer;
}
