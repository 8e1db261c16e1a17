// The openai SDK as its users call it.
import OpenAI from 'openai';
import { errorOf, main, now, prompt } from './scenario.mjs';

const client = (url) => new OpenAI({ baseURL: `${url}/v1`, apiKey: 'sk-test', maxRetries: 0 });

const chat = (options, extra = {}) => ({
  model: options.model,
  messages: options.messages ?? [{ role: 'user', content: prompt(options) }],
  max_tokens: options.max_tokens ?? 20,
  ...extra,
});

async function complete(url, options) {
  const { data, response } = await client(url).chat.completions.create(chat(options)).withResponse();
  return {
    object: data.object,
    model: data.model,
    text: data.choices[0].message.content,
    role: data.choices[0].message.role,
    finish: data.choices[0].finish_reason,
    usage: data.usage,
    replica: response.headers.get('x-replica-name'),
    decision: response.headers.get('x-warmpath-decision'),
  };
}

async function stream(url, options) {
  const body = chat(options, { stream: true, stream_options: { include_usage: true } });
  const reply = await client(url).chat.completions.create(body);
  const pieces = [];
  const finishes = [];
  let usage = null;
  let ids = new Set();
  for await (const chunk of reply) {
    ids.add(chunk.id);
    const choice = chunk.choices[0];
    if (choice?.delta?.content) pieces.push(choice.delta.content);
    if (choice?.finish_reason) finishes.push(choice.finish_reason);
    if (chunk.usage) usage = chunk.usage;
  }
  return { pieces, finishes, usage, ids: ids.size };
}

// Every chunk of streams that did not ask for usage, without what is new in each reply.
async function chunks(url, options) {
  const strip = ({ id, created, ...chunk }) => chunk;
  const seen = { chat: [], completions: [] };
  const reply = await client(url).chat.completions.create(chat(options, { stream: true }));
  for await (const chunk of reply) seen.chat.push(strip(chunk));
  const body = { model: options.model, prompt: prompt(options), max_tokens: 12, stream: true };
  for await (const chunk of await client(url).completions.create(body)) seen.completions.push(strip(chunk));
  return seen;
}

async function legacy(url, options) {
  const body = { model: options.model, prompt: prompt(options), max_tokens: 12 };
  const whole = await client(url).completions.create(body);
  let text = '';
  for await (const chunk of await client(url).completions.create({ ...body, stream: true })) {
    text += chunk.choices[0]?.text ?? '';
  }
  return { whole: whole.choices[0].text, streamed: text, object: whole.object };
}

async function responses(url, options) {
  const body = { model: options.model, input: prompt(options), max_output_tokens: 12 };
  const whole = await client(url).responses.create(body);
  const types = [];
  let streamed = '';
  for await (const event of await client(url).responses.create({ ...body, stream: true })) {
    types.push(event.type);
    if (event.type === 'response.output_text.delta') streamed += event.delta;
  }
  return { text: whole.output_text, status: whole.status, id: whole.id, usage: whole.usage, types, streamed };
}

async function embeddings(url, options) {
  const body = { model: options.model, input: ['one sheep', 'two sheep'] };
  const standard = await client(url).embeddings.create(body);
  const floats = await client(url).embeddings.create({ ...body, encoding_format: 'float' });
  return {
    count: standard.data.length,
    standard: standard.data.map((entry) => Array.from(entry.embedding).slice(0, 4)),
    floats: floats.data.map((entry) => entry.embedding.slice(0, 4)),
  };
}

async function models(url) {
  const ids = [];
  for await (const model of client(url).models.list()) ids.push(model.id);
  return { ids };
}

async function abortStream(url, options) {
  const controller = new AbortController();
  const body = chat(options, { stream: true });
  const reply = await client(url).chat.completions.create(body, { signal: controller.signal });
  let seen = 0;
  let aborted = 0;
  try {
    for await (const chunk of reply) {
      if (chunk.choices[0]?.delta?.content) seen += 1;
      if (seen === 5 && aborted === 0) {
        aborted = now();
        controller.abort();
      }
    }
  } catch (error) {
    if (!(error instanceof OpenAI.APIUserAbortError)) throw error;
  }
  return { seen, aborted };
}

// Aborts before anything of the reply has come: once the test has seen the request arrive at the replica, it writes a
// line to this script.
async function abortComplete(url, options) {
  const controller = new AbortController();
  let aborted = 0;
  process.stdin.once('data', () => {
    aborted = now();
    controller.abort();
  });
  try {
    await client(url).chat.completions.create(chat(options), { signal: controller.signal });
  } catch (error) {
    if (!(error instanceof OpenAI.APIUserAbortError)) throw error;
    return { aborted };
  }
  throw new Error('the request ended before it was aborted');
}

async function errors(url, options) {
  const api = client(url);
  return {
    chat: await errorOf(() => api.chat.completions.create(chat(options))),
    stream: await errorOf(() => api.chat.completions.create(chat(options, { stream: true }))),
    responses: await errorOf(() => api.responses.create({ model: options.model, input: 'x' })),
    embeddings: await errorOf(() => api.embeddings.create({ model: options.model, input: 'x' })),
  };
}

async function refusals(url, options) {
  const api = client(url);
  const large = 'x'.repeat(options.oversized);
  return {
    field: await errorOf(() => api.chat.completions.create(chat(options, { model: 7 }))),
    path: await errorOf(() => api.post('/../nowhere', { body: {} })),
    oversized: await errorOf(() => api.chat.completions.create(chat({ ...options, prompt: large }))),
  };
}

await main({
  complete, stream, chunks, legacy, responses, embeddings, models, abortStream, abortComplete, errors, refusals,
});
