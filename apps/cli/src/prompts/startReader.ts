import type { StartReader } from "@tutti/server";

/** Reads the tuned parameters that `--start-from` names; the model's code is loaded only where a run needs it. */
export const readStart: StartReader = async (path, { dataDir, publicDir, run }) => {
  const [{ promptsOfRun }, { readStartOf }] = await Promise.all([import("@tutti/server"), import("@tutti/model/node")]);
  return readStartOf(path, { run, publicDir, promptsOf: (place) => promptsOfRun(dataDir, place) });
};
