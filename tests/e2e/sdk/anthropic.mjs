// The Anthropic SDK as its users call it.
import Anthropic from '@anthropic-ai/sdk';
import { errorOf, main, prompt } from './scenario.mjs';

const client = (url) => new Anthropic({ baseURL: url, apiKey: 'sk-test', maxRetries: 0 });

const body = (options) => ({
  model: options.model,
  system: 'You are brief.',
  messages: [{ role: 'user', content: prompt(options) }],
  max_tokens: 16,
});

async function complete(url, options) {
  const message = await client(url).messages.create(body(options));
  return {
    type: message.type,
    role: message.role,
    text: message.content.map((block) => block.text).join(''),
    stop: message.stop_reason,
    usage: message.usage,
  };
}

async function stream(url, options) {
  const types = [];
  const events = client(url).messages.stream(body(options));
  for await (const event of events) types.push(event.type);
  const message = await events.finalMessage();
  return {
    types,
    text: message.content.map((block) => block.text).join(''),
    stop: message.stop_reason,
    usage: message.usage,
  };
}

async function errors(url, options) {
  return { messages: await errorOf(() => client(url).messages.create(body(options))) };
}

await main({ complete, stream, errors });
