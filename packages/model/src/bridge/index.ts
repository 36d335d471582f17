export { hasLittleMemory, type MemorySigns } from "../backbone/smallMemory.ts";
export type { Port, WorkerAnswers, WorkerMethod, WorkerReply, WorkerRequest } from "./bridge.ts";
export { serveTrainer } from "./serveTrainer.ts";
export { type WorkerTrainer, workerTrainer } from "./workerTrainer.ts";
