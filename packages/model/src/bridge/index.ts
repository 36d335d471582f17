export { hasLittleMemory, type MemorySigns } from "../backbone/smallMemory.ts";
export type { Port, WorkerAnswers, WorkerMethod, WorkerReply, WorkerRequest } from "./bridge.ts";
export { serveTrainer } from "./serveTrainer.ts";
export { gpuLost, type WorkerTrainer, workerTrainer } from "./workerTrainer.ts";
