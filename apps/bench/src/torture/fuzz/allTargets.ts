import { deviceStatesTarget, tensorsTarget } from "./blobs.ts";
import { dataReaders } from "./dataReaders.ts";
import { answerTarget, callNames, descriptionTarget, requestTarget } from "./messages.ts";
import { modelReaders } from "./modelReaders.ts";
import { runReaders } from "./runReaders.ts";
import type { LazyTarget } from "./target.ts";

/** Everything that reads what others send: each call's requests and answers, run.json, and blobs. */
const messages: readonly LazyTarget[] = [
  ...callNames.flatMap((name) => [
    { name: `request ${name}`, open: () => requestTarget(name) },
    { name: `answer ${name}`, open: () => answerTarget(name), weight: 0.5 },
  ]),
  { name: "run.json and settings", open: descriptionTarget, weight: 0.5 },
  { name: "tensors", open: tensorsTarget, weight: 4 },
  { name: "device states", open: deviceStatesTarget, weight: 2 },
];

/** All targets: messages, blobs, and every reader of a file that others wrote. */
export const allTargets: readonly LazyTarget[] = [...messages, ...modelReaders, ...dataReaders, ...runReaders];
