// Chat completions in OpenAI's shape, as llama-server words them.
import { randomUUID } from 'node:crypto';

const joined = (parts) => (parts ?? []).map((part) => part.text ?? '').join('');
const textOf = (content) => (typeof content === 'string' ? content : joined(content));

// The prompt that the chat template of model.mjs makes.
export function render(messages) {
  const turns = messages.map(({ role, content }) => `<|im_start|>${role}\n${textOf(content)}<|im_end|>\n`);
  return turns.join('') + '<|im_start|>assistant\n';
}

export class Reply {
  constructor(model) {
    this.about = { id: `chatcmpl-${randomUUID()}`, created: Math.floor(Date.now() / 1000), model };
  }

  chunk(delta, finish = null) {
    return { ...this.about, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] };
  }

  last(figures) {
    return { ...this.about, object: 'chat.completion.chunk', choices: [], ...figures };
  }

  whole(text, finish, figures) {
    const message = { role: 'assistant', content: text };
    const choices = [{ index: 0, message, finish_reason: finish }];
    return { ...this.about, object: 'chat.completion', choices, ...figures };
  }
}

// `prompt`, `cached` and `said` in tokens, `prefill` and `decode` in milliseconds.
export function figures({ prompt, cached, said, prefill, decode }) {
  return {
    usage: {
      prompt_tokens: prompt, completion_tokens: said, total_tokens: prompt + said,
      prompt_tokens_details: { cached_tokens: cached },
    },
    timings: {
      cache_n: cached, prompt_n: prompt - cached, prompt_ms: prefill, predicted_n: said, predicted_ms: decode,
    },
  };
}

export const failure = (code, message) => ({ error: { code, message, type: 'invalid_request_error' } });
