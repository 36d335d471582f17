// `npm run test:unit [-- FILTER …]`: the unit tests by Vitest. A process that a native library ended (software WebGPU does so once in thousands of
// files) takes its file's tests with it: they are told by name and run once more; a file that ends its process twice has failed.
import { parseCLI, startVitest } from "vitest/node";

/**
 * Runs test files.
 * @param {string[]} filter
 * @param {object} options
 */
const run = async (filter, options) => {
  const vitest = await startVitest("test", filter, { ...options, run: true });
  const modules = vitest.state.getTestModules();
  const unfinished = modules.filter((module) => ["pending", "queued"].includes(module.state())).map(({ moduleId }) => moduleId);
  const hasFailed = modules.some((module) => module.state() === "failed");
  const isEnded = vitest.state
    .getUnhandledErrors()
    .every((error) => /Worker .* emitted error|exited unexpectedly/.test(String(error?.message)));
  await vitest.close();
  return { unfinished, canGoOn: !hasFailed && isEnded && unfinished.length > 0 };
};

const { filter, options } = parseCLI(["vitest", "run", ...process.argv.slice(2)]);
const first = await run(filter, options);
if (first.canGoOn) {
  console.error(`A process ended in the middle of these tests, which are run once more:\n  ${first.unfinished.join("\n  ")}`);
  process.exitCode = 0;
  const second = await run(first.unfinished, options);
  if (second.unfinished.length > 0) process.exitCode = 1;
}
