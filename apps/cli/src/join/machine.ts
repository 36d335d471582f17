import { coordinatorFolder, type MachineClaim } from "@tutti/client";
import { type ClientProfile, clientProfileSchema, formatBytes, looksAtMachines } from "@tutti/core";
import { type RunInfo, settingFaults } from "@tutti/protocol";
import { readSettingsFile } from "@tutti/server";
import { UsageError } from "../exitCodes.ts";

/** What can be said by hand of a machine that joins. */
export interface MachineFlags {
  /** That training may use, in MB. */
  readonly memory?: number;
  /** In kB a second. */
  readonly link?: number;
  /** A file with a machine to simulate. */
  readonly machine?: string;
}

/** What a client claims of its machine, or simulates; neither where the run does not plan for each client. */
export interface JoiningMachine {
  readonly profile?: () => Promise<MachineClaim>;
  readonly simulated?: ClientProfile;
}

/** What is measured, and with what. */
export interface MachinePorts {
  readonly fetch: typeof fetch;
  /** Milliseconds. */
  now(): number;
  availableMemory(): number;
  print(line: string): void;
}

const realPorts: MachinePorts = {
  fetch: (...given) => fetch(...given),
  now: () => performance.now(),
  availableMemory: () => process.availableMemory(),
  print: (line) => console.log(line),
};

/**
 * What a client of this run says of its machine: by hand where options say it, else measured when the run asks. Says in a line what it tells, or
 * that an option is not used. Throws a UsageError about options that do not fit each other, or a file that is not a machine.
 */
export function machineFor(
  flags: MachineFlags,
  url: string,
  { run, urls }: Pick<RunInfo, "run" | "urls">,
  ports = realPorts,
): JoiningMachine {
  const { memory, link, machine } = flags;
  const byHand = [memory === undefined ? [] : ["--memory"], link === undefined ? [] : ["--link"]].flat().join(" and ");
  if (machine !== undefined && byHand !== "") throw new UsageError(`--machine says memory and link itself: leave out ${byHand}`);
  if (machine !== undefined) return { simulated: readMachine(machine) };
  if (!looksAtMachines(run.strategy)) {
    if (byHand !== "") ports.print(`${byHand} not used: this run does not plan for each client`);
    return {};
  }
  return {
    async profile() {
      const memoryBytes = within("memoryBytes", memory === undefined ? ports.availableMemory() * usableShare : memory * 1e6);
      const bytesPerSecond = within("bytesPerSecond", link === undefined ? await measureLink(url, urls, ports) : link * 1e3);
      ports.print(
        `this run plans for each client: it is told that training may use ${formatBytes(memoryBytes)}, a link of ${formatBytes(bytesPerSecond)}/s, and how fast a matrix product is`,
      );
      return { memoryBytes, bytesPerSecond };
    },
  };
}

/** Of the memory that is free; there are other programs. */
const usableShare = 1 / 2;

/** A machine of a file: flopsPerSecond, memoryBytes and bytesPerSecond. Throws a UsageError that says what is wrong. */
function readMachine(path: string): ClientProfile {
  const content = readSettingsFile(path);
  const parsed = clientProfileSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  const faults = settingFaults(clientProfileSchema, content).map((fault) => `  ${fault}`);
  throw new UsageError(`--machine ${path}: expected flopsPerSecond, memoryBytes and bytesPerSecond of one machine:\n${faults.join("\n")}`);
}

/** A claim at the nearest value that the coordinator takes. */
function within(name: "memoryBytes" | "bytesPerSecond", value: number): number {
  const { minValue, maxValue } = clientProfileSchema.shape[name];
  return Math.round(Math.min(Math.max(value, minValue ?? 0), maxValue ?? Number.POSITIVE_INFINITY));
}

/** Where nothing can be downloaded: 1 MB a second. */
const assumedLink = 1e6;
/** A part of the backbone is fetched, for so long or so far. */
const probe = { ms: 1000, bytes: 1_048_576 };

/** Bytes a second of a download of a part of the run's backbone. */
async function measureLink(url: string, { backbone }: RunInfo["urls"], { fetch: fetchPart, now }: MachinePorts): Promise<number> {
  const abort = new AbortController();
  try {
    const manifestUrl = new URL(backbone, coordinatorFolder(url));
    const shard = firstShard(await (await fetchPart(manifestUrl.href, { signal: abort.signal })).json());
    const init = { headers: { range: `bytes=0-${probe.bytes - 1}` }, cache: "no-store", signal: abort.signal } as const;
    const startedAt = now();
    const response = await fetchPart(new URL(shard, manifestUrl).href, init);
    if (!response.ok || response.body === null) return assumedLink;
    let numBytes = 0;
    for await (const chunk of response.body) {
      numBytes += chunk.length;
      if (numBytes >= probe.bytes || now() - startedAt > probe.ms) break;
    }
    return numBytes === 0 ? assumedLink : numBytes / (Math.max(1, now() - startedAt) / 1000);
  } catch {
    return assumedLink; // the client will say itself that it cannot download
  } finally {
    abort.abort();
  }
}

function firstShard(manifest: unknown): string {
  const { shards } = manifest as { readonly shards: readonly { readonly sha256: string }[] };
  return `${shards[0]?.sha256}.bin`;
}
