import { parentPort, workerData } from "node:worker_threads";
import { type MergeWork, measureMerging } from "./mergeWork.ts";

parentPort?.postMessage(measureMerging(workerData as MergeWork));
