import "../noEval.ts";
import { chooseBackend, createPacer, createTrainer, offerThreads, usePacer, whenGpuLost } from "@tutti/model";
import { type Port, serveTrainer, type WorkerReply, type WorkerRequest } from "@tutti/model/bridge";

const pacer = createPacer();
usePacer(pacer);

// A dedicated worker's global scope is its port to the page.
serveTrainer(globalThis as Port<WorkerRequest, WorkerReply>, (onNotice) => createTrainer({ onNotice }), {
  onThreads: offerThreads,
  measure: async (setup) => (await chooseBackend(setup)).measured,
  pacer,
  whenLost: whenGpuLost,
});
