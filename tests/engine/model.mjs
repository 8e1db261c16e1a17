#!/usr/bin/env node
// Writes a tiny model of the llama architecture with random weights: its words mean nothing, but tokenizer, batching,
// KV cache and prefix reuse of the engine that loads it are the real ones. One token is one byte, so that lengths of
// text are lengths of prompts.
//
// usage: model.mjs --out FILE [--layers 2] [--width 64] [--heads 4] [--inner 128] [--context 8192] [--seed 1]
import { parseArgs } from 'node:util';
import { Gguf } from './gguf.mjs';

const SPECIAL = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'];
const NORMAL = 1, CONTROL = 3, UNUSED = 5;  // kinds of tokens
const CHAT = "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + " +
  "'<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

// xorshift32 and Box-Muller: the same seed gives the same file.
function normals(seed) {
  let state = Math.imul(seed, 2654435761) >>> 0 || 1;
  const uniform = () => {
    state = (state ^ (state << 13)) >>> 0;
    state ^= state >>> 17;
    state = (state ^ (state << 5)) >>> 0;
    return (state + 0.5) / 4294967296;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

// GPT-2's table: bytes that print stand for themselves, the others for letters from U+0100 on.
function letters() {
  const prints = (b) => (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
  let next = 256;
  return Array.from({ length: 256 }, (_, b) => String.fromCodePoint(prints(b) ? b : next++));
}

function vocabulary() {
  const tokens = [...SPECIAL, ...letters()];
  const kinds = [...SPECIAL.map(() => CONTROL), ...letters().map(() => NORMAL)];
  while (tokens.length % 32 !== 0) {
    tokens.push(`[UNUSED${tokens.length}]`);
    kinds.push(UNUSED);
  }
  return { tokens, kinds };
}

function describe(file, shape, { tokens, kinds }) {
  file.value('string', 'general.architecture', 'llama');
  file.value('string', 'general.name', 'tiny-random');
  file.value('u32', 'general.file_type', 1);
  file.value('u32', 'llama.context_length', shape.context);
  file.value('u32', 'llama.embedding_length', shape.width);
  file.value('u32', 'llama.block_count', shape.layers);
  file.value('u32', 'llama.feed_forward_length', shape.inner);
  file.value('u32', 'llama.attention.head_count', shape.heads);
  file.value('u32', 'llama.attention.head_count_kv', shape.heads);
  file.value('f32', 'llama.attention.layer_norm_rms_epsilon', 1e-5);
  file.value('u32', 'llama.rope.dimension_count', shape.width / shape.heads);
  file.value('f32', 'llama.rope.freq_base', 10000);
  file.value('u32', 'llama.vocab_size', tokens.length);
  file.value('string', 'tokenizer.ggml.model', 'gpt2');
  file.value('string', 'tokenizer.ggml.pre', 'gpt-2');
  file.list('string', 'tokenizer.ggml.tokens', tokens);
  file.list('i32', 'tokenizer.ggml.token_type', kinds);
  file.list('string', 'tokenizer.ggml.merges', ['Ġ Ġ']);  // one must be there; it makes no token of this vocabulary
  file.value('u32', 'tokenizer.ggml.bos_token_id', 0);
  file.value('u32', 'tokenizer.ggml.eos_token_id', 2);
  file.value('u32', 'tokenizer.ggml.padding_token_id', 0);
  file.value('bool', 'tokenizer.ggml.add_bos_token', false);
  file.value('string', 'tokenizer.chat_template', CHAT);
}

function fill(file, { width, inner, layers }, { tokens }, normal) {
  const scaled = (by) => () => () => by * normal();
  const ones = () => () => 1;
  // Only what prints is ever said: the other rows of the output are zero.
  const printable = (row) => row >= SPECIAL.length + 32 && row < SPECIAL.length + 127;
  const said = (row) => () => (printable(row) ? 4 / Math.sqrt(width) * normal() : 0);
  const into = 1 / Math.sqrt(width), out = 1 / Math.sqrt(2 * layers);
  file.tensor('f16', 'token_embd.weight', [width, tokens.length], scaled(1));
  file.tensor('f32', 'output_norm.weight', [width], ones);
  file.tensor('f16', 'output.weight', [width, tokens.length], said);
  for (let layer = 0; layer < layers; ++layer) {
    const name = (what) => `blk.${layer}.${what}.weight`;
    file.tensor('f32', name('attn_norm'), [width], ones);
    for (const what of ['attn_q', 'attn_k', 'attn_v']) file.tensor('f16', name(what), [width, width], scaled(into));
    file.tensor('f16', name('attn_output'), [width, width], scaled(4 * into * out));
    file.tensor('f32', name('ffn_norm'), [width], ones);
    for (const what of ['ffn_gate', 'ffn_up']) file.tensor('f16', name(what), [width, inner], scaled(into));
    file.tensor('f16', name('ffn_down'), [inner, width], scaled(2 * out / Math.sqrt(inner)));
  }
}

const number = (value) => ({ type: 'string', default: String(value) });
const { values } = parseArgs({
  options: {
    out: { type: 'string' }, layers: number(2), width: number(64), heads: number(4), inner: number(128),
    context: number(8192), seed: number(1),
  },
});
if (!values.out) throw new Error('--out FILE is wanted');
const { out, ...numbers } = values;
const shape = Object.fromEntries(Object.entries(numbers).map(([key, value]) => [key, Number(value)]));
const words = vocabulary();
const file = new Gguf();
describe(file, shape, words);
fill(file, shape, words, normals(shape.seed));
file.write(out);
console.log(`${out}: ${file.parameters} parameters, ${words.tokens.length} tokens`);
