import "../noEval.ts";
import { createTrainer } from "@tutti/model";
import type { Port, WorkerReply, WorkerRequest } from "./bridge.ts";
import { serveTrainer } from "./serveTrainer.ts";

// A dedicated worker's global scope is its port to the page.
serveTrainer(globalThis as Port<WorkerRequest, WorkerReply>, (onNotice) => createTrainer({ onNotice }));
