import { randomInt } from "node:crypto";
import { join } from "node:path";
import type { RunSettings } from "@tutti/core";
import { type Coordinator, isLoopback, linkTo, listRunIds, ownCertificate, readRun, startClientChild } from "@tutti/server";
import { type ServeFlags, serveRun } from "../commands/serve.ts";
import { UsageError } from "../exitCodes.ts";
import { classLabels } from "./classLabels.ts";
import { classRun } from "./classRun.ts";
import { classLines } from "./classText.ts";
import { freePort } from "./freePort.ts";
import { lanAddress } from "./lanAddress.ts";

/** The options of `tutti class`. */
export interface ClassFlags extends Omit<ServeFlags, "preset" | "devices" | "openRoster" | "startFrom" | "config"> {
  readonly labels?: string;
  readonly helpers?: number;
  readonly resume?: boolean;
  readonly pace?: number;
}

const defaults = { task: "feedback/sentiment", backbone: "minuet", paceSeconds: 2.5, securePort: 8443, plainPort: 8080 } as const;

/** `tutti class`: a run for a room, in one command. */
export async function runClass(flags: ClassFlags): Promise<void> {
  const dataDir = flags.out ?? "runs";
  const runId = flags.run ?? (flags.resume === true ? latestClass(dataDir) : newName());
  const known = listRunIds(dataDir).includes(runId) ? (await readRun(dataDir, runId)).run : null;
  if (known === null && flags.run !== undefined && flags.resume === true)
    throw new UsageError(`--resume: there is no run ${flags.run} in ${dataDir}`);
  if (known !== null) refuseChanges(flags, runId);
  if (flags.labels !== undefined && flags.task !== undefined) throw new UsageError("--task and --labels exclude each other: give one");
  const { settings, notes } = known === null ? await newRun(flags) : { settings: known, notes: [] };
  const place = await placeOf(flags);
  const inviteUrl = inviteAddress(place);
  const { task: _, backbone: __, seed: ___, rounds: ____, minDevices: _____, ...placeFlags } = flags;
  await serveRun({
    flags: { ...placeFlags, ...place.flags, run: runId },
    isOver: "whenStopped",
    lesson: {
      settings,
      doors: {
        ...(inviteUrl === null ? {} : { inviteUrl }),
        minRoundMs: Math.round(1000 * (flags.pace ?? defaults.paceSeconds)),
        admission: "code",
        codeWords: true,
        stateHosts: "trusted",
        reservationMs: 120_000,
      },
      host: (coordinator, isFinished) => hostClass(coordinator, { settings, notes, place, isFinished }),
    },
  });
}

/** Another run than any before. */
async function newRun({ labels: text, task = defaults.task, public: publicFolder, ...flags }: ClassFlags) {
  const asked = { ...flags, task, seed: flags.seed ?? randomInt(2 ** 32) };
  if (text === undefined) return { settings: classRun(asked), notes: [] };
  if (flags.helpers !== undefined)
    throw new UsageError("--helpers: with --labels there are none, as the class has all texts: leave it out");
  const folder = publicFolder ?? (await import("@tutti/server/checkout")).publicFolder();
  const { notes, ...made } = await classLabels(text, flags.backbone ?? defaults.backbone, folder);
  return { settings: classRun({ ...asked, ...made }), notes };
}

/** Where people reach the class. */
interface ClassPlace {
  readonly flags: Partial<ServeFlags>;
  /** The name or address in the links; null where `publicUrl` gives the whole link. */
  readonly host: string | null;
  readonly publicUrl: string | null;
}

/** https with a certificate of this machine beside plain http, unless only this machine or a proxy's address is meant. */
async function placeOf({ host = "0.0.0.0", publicUrl, https, cert, port, plainPort }: ClassFlags): Promise<ClassPlace> {
  if (publicUrl !== undefined || isLoopback(host) || https === "none") {
    const flags = { host, port: await freePort(host, port ?? defaults.plainPort, port !== undefined) };
    const address = isLoopback(host) ? host : host === "0.0.0.0" || host === "::" ? await lanAddress() : host;
    return { flags, host: address, publicUrl: publicUrl ?? null };
  }
  const flags = {
    host,
    ...(cert === undefined ? { https: "self" as const } : {}),
    port: await freePort(host, port ?? defaults.securePort, port !== undefined),
    plainPort: await freePort(host, plainPort ?? defaults.plainPort, plainPort !== undefined),
  };
  return { flags, host: host === "0.0.0.0" || host === "::" ? await lanAddress() : host, publicUrl: null };
}

interface Hosting {
  readonly settings: RunSettings;
  /** What is said of its labels. */
  readonly notes: readonly string[];
  readonly place: ClassPlace;
  readonly isFinished: boolean;
}

function hostClass(coordinator: Coordinator, { settings, notes, place, isFinished }: Hosting) {
  const { linkToken, runId, folder, fingerprint, controlToken } = coordinator;
  const numHelpers = isFinished || settings.helpers === undefined ? 0 : settings.helpers.fillTo - 1; // beside one person
  const helpers = numHelpers === 0 ? null : startHelpers(coordinator, numHelpers);
  const page = addressFor(coordinator, place, "people");
  const wall = new URLSearchParams({ ...(linkToken === null ? {} : { token: linkToken }), operator: controlToken });
  const lines = classLines({
    title: `A class: ${nameOf(settings)}, on ${settings.backbone}, seed ${settings.seed}. The run is ${runId}.`,
    notes,
    link: linkTo(page, linkToken),
    address: page,
    codeWords: linkToken,
    stageLink: `${addressFor(coordinator, place, "wall")}#${wall}`,
    fingerprint,
    numHelpers,
    folder,
    runId,
    isAlone: place.host === null,
    isFinished,
  });
  return {
    lines,
    async stop() {
      await helpers?.stop();
    },
  };
}

/** The page that people open first: where a browser would warn, the one that says so beforehand. */
function addressFor({ plainPort, url }: Coordinator, place: ClassPlace, who: "people" | "wall"): string {
  if (who === "wall") return new URL("stage", `${plainPort === null ? url : `http://localhost:${plainPort}`}/`).href;
  return inviteAddress(place) ?? url;
}

/** The address that people are given: where a browser would warn, of the page that says so beforehand. */
function inviteAddress({ flags, host, publicUrl }: ClassPlace): string | null {
  if (publicUrl !== null) return publicUrl;
  if (host === null) return null;
  const name = host.includes(":") ? `[${host}]` : host;
  if (flags.plainPort !== undefined) return `http://${name}:${flags.plainPort}/trust`;
  return `${flags.https === "self" || flags.cert !== undefined ? "https" : "http"}://${name}:${flags.port}/`;
}

function startHelpers(coordinator: Coordinator, count: number) {
  const { url, plainPort, linkToken, helperToken, folder, config } = coordinator;
  const program = [...process.execArgv, process.argv[1] ?? ""];
  return startClientChild({
    name: "helper devices",
    url: plainPort === null ? url : `http://localhost:${plainPort}`,
    tokens: { TUTTI_HELPER_TOKEN: helperToken ?? "", TUTTI_CODE_WORD: linkToken ?? "" },
    command: [...program, "helpers", "--count", String(count), "--folder", join(folder, "helpers")],
    print: (line) => console.log(line),
    certificate: plainPort === null ? ownCertificate(config) : null,
  });
}

/** A new class is a new run. */
function newName(now = new Date()): string {
  return `class-${now.toISOString().replaceAll(/[-:]/g, "").replace("T", "-").slice(0, 15)}`;
}

function latestClass(dataDir: string): string {
  const latest = listRunIds(dataDir)
    .filter((id) => /^class-\d{8}-\d{6}$/.test(id))
    .sort()
    .at(-1);
  if (latest !== undefined) return latest;
  throw new UsageError(`--resume: there is no class in ${dataDir} to go on with; leave --resume out to begin one`);
}

/** A run that was begun keeps its settings. */
function refuseChanges({ task, labels, backbone, seed, rounds, helpers, minDevices }: ClassFlags, runId: string): void {
  const asked = Object.entries({ task, labels, backbone, seed, rounds, helpers, "min-devices": minDevices }).find(
    ([, value]) => value !== undefined,
  );
  if (asked === undefined) return;
  throw new UsageError(`run ${runId} was begun before and keeps its settings: leave out --${asked[0]}, or begin a new class without --run`);
}

function nameOf({ task, labels }: RunSettings): string {
  return labels === undefined ? task : `${labels.map(({ name }) => name).join(", ")}, with texts that it types itself`;
}
