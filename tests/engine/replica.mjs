#!/usr/bin/env node
// A replica whose engine is llama.cpp itself, with the paths, the names of metrics and the manners of llama-server: an
// idle connection is closed after 5 s, any after 100 requests.
//
// usage: replica.mjs --model FILE [--port 0] [--slots 4] [--context 8192]
import http from 'node:http';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { getLlama } from 'node-llama-cpp';
import { Reply, failure, figures, render } from './chat.mjs';
import { Slots } from './slots.mjs';

const NAME = 'tiny-random';
const { values: options } = parseArgs({
  options: {
    model: { type: 'string' }, port: { type: 'string', default: '0' }, slots: { type: 'string', default: '4' },
    context: { type: 'string', default: '8192' },
  },
});
const contextSize = Number(options.context);
const llama = await getLlama({ gpu: false, build: 'never', logLevel: 'error' });
const model = await llama.loadModel({ modelPath: options.model });
// One thread: llama.cpp's threads spin while they wait for each other, many times the work on shared cores.
const sequences = Number(options.slots);
const context = await model.createContext({ contextSize, sequences, batchSize: 512, threads: 1 });
const slots = new Slots(context, sequences);
const totals = { prompt: 0, cached: 0, said: 0, prefill: 0 };

function send(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

async function read(request) {
  let text = '';
  for await (const piece of request) text += piece;
  return text;
}

// Evaluates the prompt and yields { text, figures } a token, until `most` were said or the client is gone.
async function* generate(slot, tokens, { most, temperature, seed }, signal) {
  const { sequence } = slot;
  const began = performance.now();
  await sequence.adaptStateToTokens(tokens.slice(0, -1), false);  // what is shared with what it holds stays
  const cached = sequence.nextTokenIndex;
  const out = [];
  let said = '', prefill = 0;
  for await (const token of sequence.evaluate(tokens.slice(cached), { temperature, seed })) {
    if (out.length === 0) prefill = performance.now() - began;
    if (signal.aborted || model.isEogToken(token)) break;
    out.push(token);
    const text = model.detokenize(out).slice(said.length);
    said += text;
    const decode = performance.now() - began - prefill;
    yield { text, count: { prompt: tokens.length, cached, said: out.length, prefill, decode } };
    if (out.length >= most) break;
  }
}

function account({ prompt, cached, said, prefill }) {
  totals.prompt += prompt - cached;
  totals.cached += cached;
  totals.said += said;
  totals.prefill += prefill;
}

async function complete(body, response, tokens, most, signal) {
  const slot = await slots.acquire(tokens, signal);
  if (!slot) return;
  const reply = new Reply(body.model ?? NAME);
  let text = '', count = { prompt: tokens.length, cached: 0, said: 0, prefill: 0, decode: 0 };
  try {
    if (body.stream) response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    const how = { most, temperature: body.temperature ?? 0.8, seed: body.seed };
    for await (const piece of generate(slot, tokens, how, signal)) {
      text += piece.text;
      count = piece.count;
      if (body.stream) response.write(`data: ${JSON.stringify(reply.chunk({ content: piece.text }))}\n\n`);
    }
  } finally {
    slots.release(slot);
    account(count);
  }
  const finish = count.said >= most ? 'length' : 'stop';
  if (!body.stream) return send(response, 200, reply.whole(text, finish, figures(count)));
  response.write(`data: ${JSON.stringify(reply.chunk({}, finish))}\n\n`);
  if (body.stream_options?.include_usage) response.write(`data: ${JSON.stringify(reply.last(figures(count)))}\n\n`);
  response.end('data: [DONE]\n\n');
}

async function chat(request, response) {
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  let body;
  try {
    body = JSON.parse(await read(request));
  } catch {
    return gone.signal.aborted ? undefined : send(response, 400, failure(400, 'the body is no JSON'));
  }
  const tokens = model.tokenize(render(body.messages ?? []), true);
  const room = contextSize - tokens.length - 1;
  if (room < 1) return send(response, 400, failure(400, 'the prompt is longer than the context'));
  const most = Math.min(body.max_completion_tokens ?? body.max_tokens ?? 64, room);
  return complete(body, response, tokens, most, gone.signal);
}

function metrics(response) {
  const rows = [
    ['prompt_tokens_total', 'counter', totals.prompt], ['prompt_seconds_total', 'counter', totals.prefill / 1000],
    ['tokens_predicted_total', 'counter', totals.said], ['requests_processing', 'gauge', slots.running],
    ['requests_deferred', 'gauge', slots.waiting],
  ];
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' });
  const lines = rows.map(([name, type, value]) => `# TYPE llamacpp:${name} ${type}\nllamacpp:${name} ${value}\n`);
  response.end(lines.join(''));
}

const paths = {
  'POST /v1/chat/completions': chat,
  'GET /v1/models': (_, response) => send(response, 200, { object: 'list', data: [{ id: NAME, object: 'model' }] }),
  'GET /health': (_, response) => send(response, 200, { status: 'ok' }),
  'GET /slots': (_, response) => send(response, 200, slots.describe()),
  'GET /metrics': (_, response) => metrics(response),
};

const server = http.createServer(async (request, response) => {
  const path = paths[`${request.method} ${request.url.split('?')[0]}`];
  if (!path) return send(response, 404, failure(404, 'there is no such path'));
  try {
    await path(request, response);
  } catch (error) {
    console.error(error);
    if (response.headersSent) response.destroy();
    else send(response, 500, failure(500, String(error)));
  }
});
server.keepAliveTimeout = 5000;
server.maxRequestsPerSocket = 100;
server.listen(Number(options.port), '127.0.0.1');
await once(server, 'listening');
console.log(`listening 127.0.0.1:${server.address().port}`);
process.on('SIGTERM', () => process.exit(0));
