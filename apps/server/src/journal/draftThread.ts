import { parentPort, workerData } from "node:worker_threads";
import { type DraftAnswer, type DraftOrder, draftNext } from "./draft.ts";
import { systemDisk } from "./logDisk.ts";

const answer = await draftNext(workerData as DraftOrder, { disk: systemDisk, keepsPrevious: false, threadFromBytes: 0 }).then(
  (draft): DraftAnswer => ({ draft }),
  (error: unknown): DraftAnswer => ({
    failure: {
      message: error instanceof Error ? error.message : String(error),
      code: error instanceof Error && "code" in error ? error.code : null,
    },
  }),
);
parentPort?.postMessage(answer);
