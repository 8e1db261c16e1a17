// The Vercel ai SDK as its users call it, over its OpenAI-compatible provider and over its OpenAI provider, which
// speaks the responses API.
import { generateText, streamText } from 'ai';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { errorOf, main, now, prompt } from './scenario.mjs';

const server = (url) => ({ baseURL: `${url}/v1`, apiKey: 'sk-test' });
const compatible = (url, options) =>
  createOpenAICompatible({ name: 'warmpath', includeUsage: true, ...server(url) })(options.model);
const responses = (url, options) => createOpenAI(server(url))(options.model);

const call = (model, options, extra = {}) => ({
  model,
  prompt: prompt(options),
  maxOutputTokens: options.max_tokens ?? 16,
  maxRetries: 0,
  ...extra,
});

async function complete(url, options) {
  const chat = await generateText(call(compatible(url, options), options));
  const other = await generateText(call(responses(url, options), options));
  return { text: chat.text, finish: chat.finishReason, usage: chat.usage, responses: other.text };
}

async function collect(model, options) {
  const failures = [];
  const result = streamText(call(model, options, { onError: ({ error }) => failures.push(String(error)) }));
  const pieces = [];
  for await (const piece of result.textStream) pieces.push(piece);
  return { pieces, failures, finish: failures.length === 0 ? await result.finishReason : null };
}

async function stream(url, options) {
  return {
    chat: await collect(compatible(url, options), options),
    responses: await collect(responses(url, options), options),
  };
}

async function abortStream(url, options) {
  const controller = new AbortController();
  const extra = { abortSignal: controller.signal, onError: () => {} };
  const result = streamText(call(compatible(url, options), options, extra));
  let seen = 0;
  let aborted = 0;
  try {
    for await (const _ of result.textStream) {
      seen += 1;
      if (seen === 5 && aborted === 0) {
        aborted = now();
        controller.abort();
      }
    }
  } catch (error) {
    if (error.name !== 'AbortError') throw error;
  }
  return { seen, aborted };
}

async function errors(url, options) {
  return {
    chat: await errorOf(() => generateText(call(compatible(url, options), options))),
    responses: await errorOf(() => generateText(call(responses(url, options), options))),
  };
}

await main({ complete, stream, abortStream, errors });
