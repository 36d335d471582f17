import { parentPort, workerData } from "node:worker_threads";
import type { WorkerReply, WorkerRequest } from "../bridge/bridge.ts";
import { serveTrainer } from "../bridge/serveTrainer.ts";
import { createTrainer } from "../device.ts";
import { folderCache } from "./folderCache.ts";
import { nodePort } from "./nodePort.ts";
import type { ThreadData } from "./threadTrainer.ts";

if (parentPort === null) throw new Error("trainerThread runs in a thread that threadTrainer starts");
const { cacheFolder } = workerData as ThreadData;
const cache = cacheFolder === null ? {} : { cache: folderCache(cacheFolder) };
serveTrainer(nodePort<WorkerRequest, WorkerReply>(parentPort), (onNotice) => createTrainer({ onNotice, ...cache }));
