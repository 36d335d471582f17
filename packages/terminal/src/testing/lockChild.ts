import { lockFolder } from "../folderLock.ts";

/** What the test tells a process: to take the folder at a moment of the wall clock, or to give it back. */
export type LockOrder = { readonly folder: string; readonly atMs: number } | "giveBack";
/** What it answers. */
export type LockAnswer = "ready" | "taken" | "refused" | "givenBack";

const answer = (message: LockAnswer) => process.send?.(message);
let giveBack: () => void = () => undefined;

process.on("message", (order: LockOrder) => {
  if (order === "giveBack") {
    giveBack();
    answer("givenBack");
    return;
  }
  // All processes spin up to the same moment, so that they meet in the middle of it.
  while (Date.now() < order.atMs);
  try {
    giveBack = lockFolder(order.folder, "choose another run");
    answer("taken");
  } catch {
    answer("refused");
  }
});
answer("ready");
