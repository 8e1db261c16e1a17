// The engine's sequences, each with a KV cache of its own, given to requests as llama-server gives its slots: the free
// one that shares more than half of the prompt, else the one that was used longest ago (--slot-prompt-similarity 0.5).
// What waits is served in the order of coming.

function shared(held, wanted) {
  let n = 0;
  while (n < held.length && n < wanted.length && held[n] === wanted[n]) ++n;
  return n;
}

export class Slots {
  #slots;
  #waiting = [];
  #uses = 0;

  constructor(context, count) {
    const slot = (_, id) => ({ id, sequence: context.getSequence(), busy: false, used: 0 });
    this.#slots = Array.from({ length: count }, slot);
  }

  // A slot for the prompt; the caller releases it. Gives up, with null, when `signal` says so first.
  acquire(tokens, signal) {
    const slot = this.#choose(tokens);
    if (slot) return Promise.resolve(slot);
    return new Promise((resolve) => {
      const entry = { tokens, resolve };
      this.#waiting.push(entry);
      signal.addEventListener('abort', () => {
        this.#waiting = this.#waiting.filter((other) => other !== entry);
        resolve(null);
      });
    });
  }

  release(slot) {
    slot.busy = false;
    const next = this.#waiting.shift();
    if (next) next.resolve(this.#choose(next.tokens));
  }

  get running() { return this.#slots.filter((slot) => slot.busy).length; }
  get waiting() { return this.#waiting.length; }

  describe() {
    return this.#slots.map(({ id, busy, sequence }) => ({ id, is_processing: busy, n_past: sequence.nextTokenIndex }));
  }

  #choose(tokens) {
    const free = this.#slots.filter((slot) => !slot.busy);
    if (free.length === 0) return null;
    const ranked = free.map((slot) => ({ slot, alike: shared(slot.sequence.contextTokens, tokens) }));
    const nearest = ranked.reduce((a, b) => (b.alike > a.alike ? b : a));
    const oldest = free.reduce((a, b) => (b.used < a.used ? b : a));
    const slot = nearest.alike * 2 > tokens.length ? nearest.slot : oldest;
    slot.busy = true;
    slot.used = ++this.#uses;
    return slot;
  }
}
