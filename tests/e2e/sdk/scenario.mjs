// What the SDK scripts share: a script is called as `node SCRIPT SCENARIO BASE_URL OPTIONS_JSON`, prints one line of
// JSON, and stays alive until its standard input ends: what the test sees of an abort is not the process's exit.
import process from 'node:process';

// CLOCK_MONOTONIC in nanoseconds: the clock of the replica's /debug/events and of python's time.monotonic_ns.
export const now = () => Number(process.hrtime.bigint());

// A prompt of roughly four bytes a token that no other test sends.
export const prompt = (options) => options.prompt ?? `Count the sheep, ${process.pid}.`;

// What a test may know of a thrown error, without comparing messages.
export function describeError(error) {
  const classes = [];
  const parent = Object.getPrototypeOf;
  for (let type = parent(error); type && type !== Object.prototype; type = parent(type)) {
    classes.push(type.constructor.name);
  }
  return {
    classes,
    status: error.status ?? error.statusCode ?? null,
    code: error.code ?? null,
    type: error.type ?? error.error?.type ?? error.error?.error?.type ?? null,
    message: String(error.message),
    retryable: error.isRetryable ?? null,
    body: error.responseBody ?? null,
  };
}

// Runs the promise-returning function and gives its error; a success is reported as such.
export async function errorOf(action) {
  try {
    const value = await action();
    return { classes: [], status: null, code: null, message: `no error but ${JSON.stringify(value)}` };
  } catch (error) {
    return describeError(error);
  }
}

export async function main(scenarios) {
  const [name, url, text] = process.argv.slice(2);
  const scenario = scenarios[name];
  if (!scenario) throw new Error(`no scenario ${name}`);
  const result = await scenario(url, JSON.parse(text ?? '{}'));
  process.stdout.write(`${JSON.stringify(result)}\n`);
  process.stdin.on('end', () => process.exit(0));
  process.stdin.resume();
}
