import { cpus, platform, totalmem } from "node:os";

/** The machine in a few words: processor, cores, memory, system, Node. */
export function nameMachine(): string {
  const processors = cpus();
  const model = processors[0]?.model.trim() ?? "unknown processor";
  return `${model}, ${processors.length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ${platform()}, Node ${process.versions.node}`;
}
