import { type DeviceState, deferred, type RunSettings } from "@tutti/core";
import { decodeDeviceState, encodeDeviceState } from "@tutti/protocol";
import { copyOf, type ProtocolClient, tinyFedAvg, tinyRun } from "@tutti/server/testing";
import { type BenchRow, row } from "../rows.ts";
import { type ClaimScene, createClaimScene, examplesOf, type Journal, keysIn, until } from "./claims/claimScene.ts";

/** Where a part works, and what ends it. */
interface ClaimsPlace {
  readonly folder: string;
  readonly signal: AbortSignal;
}

const numStrangers = 20;
const shareSizes = [0, 1, 2, 3].map(examplesOf);
const whole: RunSettings = tinyRun({ numRounds: 3, evaluateEvery: 3, cohortSize: 4, quorum: 0.25 });
const isTrain = ({ stage, spec }: { readonly stage: string; readonly spec: { readonly kind: string } }) =>
  stage === "train" && spec.kind === "train";

/** What strangers claim and send beside their contributions, and what a client takes back: raw sockets against real coordinators. */
export async function tortureClaims({ folder, signal }: ClaimsPlace): Promise<readonly BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const attack of [lockShares, refuseOne, claimMillion, poisonStates, takeStates, deleteAndKill]) {
    const scene = createClaimScene(folder);
    try {
      rows.push(...(await attack(scene, signal)));
    } finally {
      await scene.close();
    }
  }
  return rows;
}

/** Strangers register each share with one example and leave; then an honest client comes. */
async function lockShares(scene: ClaimScene): Promise<BenchRow[]> {
  const numLocked = async (known: boolean) => {
    const coordinator = await scene.start(tinyFedAvg(), { graceMs: 0, ...(known ? { shareSizes } : {}) });
    for (let index = 0; index < numStrangers; index++) {
      const stranger = scene.join(coordinator, `stranger-${index}`, { claims: () => 1, onTask: () => false });
      await stranger.when("registered");
      stranger.close();
    }
    const honest = scene.join(coordinator, "honest");
    const { outcome } = await honest.when("registered");
    const refused = outcome.ok ? (outcome.value.unregistered?.length ?? 0) : 4;
    await coordinator.whenDone();
    return refused;
  };
  return [
    row(`shares that ${numStrangers} strangers lock with a claim of one example`, await numLocked(true), "", { atMost: 0 }),
    row("the same where the shares' sizes are not known", await numLocked(false), "", { atMost: 0 }),
  ];
}

/** One device of a client claims too much. */
async function refuseOne(scene: ClaimScene): Promise<BenchRow[]> {
  const coordinator = await scene.start(tinyFedAvg(), { expectedClients: 1, shareSizes });
  const claims = (deviceId: number) => examplesOf(deviceId) + (deviceId === 1 ? 1000 : 0);
  const { outcome } = await scene.join(coordinator, "a", { claims }).when("registered");
  const refused = outcome.ok ? (outcome.value.unregistered?.length ?? 0) : 4;
  return [row("devices of four that are registered where one is refused", 4 - refused, "", { atLeast: 3 })];
}

/** A claim of a million examples beside one of ten, with a limit of a hundred and without. */
async function claimMillion(scene: ClaimScene): Promise<BenchRow[]> {
  const open = { roster: "open", numDevices: 2, maxDevices: 2, minDevices: 2, cohortSize: 2, quorum: 1, numRounds: 1 } as const;
  const shareOf = async (limit: object) => {
    const coordinator = await scene.start(tinyFedAvg({ ...open, ...limit }));
    const counted = deferred<number>();
    coordinator.subscribe((event) => {
      if (event.kind !== "closed" || event.plan.tasks[0]?.spec.kind !== "train") return;
      const numbers = event.contributions.map(({ numExamples }) => numExamples);
      counted.resolve(Math.max(...numbers) / numbers.reduce((a, b) => a + b, 0));
    });
    scene.join(coordinator, "honest", { hosting: "own", claims: () => 10 });
    scene.join(coordinator, "liar", { hosting: "own", claims: () => 1_000_000 });
    return counted.promise;
  };
  return [
    row("weight of a claim of a million beside one of ten, limit 100", 100 * (await shareOf({ maxCountedExamples: 100 })), "%", {
      atMost: 91,
    }),
    row("the same without a limit", 100 * (await shareOf({})), "%"),
  ];
}

const poisons: readonly ((state: DeviceState) => DeviceState)[] = [
  (state) => ({ ...state, stage: "score" }),
  (state) => ({ ...state, stageSteps: 0 }),
  (state) => ({ ...state, local: { ...state.local, "head/bias": { shape: [3], data: new Float32Array(3) } } }),
  (state) => ({ ...state, local: { "prefix/999": { shape: [1], data: new Float32Array(1) } } }),
  (state) => ({ ...state, local: eachTensor(state, ({ data }) => ({ shape: [data.length], data })) }),
  (state) => ({ ...state, local: eachTensor(state, ({ shape, data }) => ({ shape, data: data.map(() => 1e20) })) }),
  (state) => ({ ...state, moments: { m: eachTensor(state, (tensor) => tensor), v: negative(state), step: 9 } }),
];

type Tensor = DeviceState["local"][string];

function eachTensor({ local }: DeviceState, change: (tensor: Tensor) => Tensor): DeviceState["local"] {
  return Object.fromEntries(Object.entries(local).map(([name, tensor]) => [name, change(tensor)]));
}

function negative(state: DeviceState): DeviceState["local"] {
  return eachTensor(state, ({ shape, data }) => ({ shape, data: data.map(() => -1) }));
}

/** Each training task is answered with every poison first. */
async function poisonStates(scene: ClaimScene): Promise<BenchRow[]> {
  const coordinator = await scene.start(whole, { expectedClients: 1 });
  let [numSent, numTaken, numNamed] = [0, 0, 0];
  const stranger: ProtocolClient = scene.join(coordinator, "stranger", {
    async onTask(lease) {
      if (!isTrain(lease)) return true;
      const submit = await stranger.prepare(lease);
      for (const poison of poisons) {
        const state = encodeDeviceState(poison(decodeDeviceState(submit.state ?? new Uint8Array())));
        const outcome = await stranger.call("submit", { ...submit, state });
        numSent += 1;
        numTaken += outcome.ok ? 1 : 0;
        numNamed += !outcome.ok && outcome.rule === "P-124" ? 1 : 0;
      }
      return true;
    },
  });
  await coordinator.whenDone();
  return [
    row(`poisoned private states taken, of ${numSent}`, numTaken, "", { atMost: 0 }),
    row("of them refused by the rule's name", numNamed, "", { atLeast: numSent }),
  ];
}

/** A stranger waits for the devices of a client that leaves; then one with the operator's token does. */
async function takeStates(scene: ClaimScene): Promise<BenchRow[]> {
  const handed = async (stateHosts: "anyone" | "trusted", hasToken: boolean) => {
    const coordinator = await scene.start(whole, { graceMs: 0, stateHosts });
    const owner = scene.join(coordinator, "owner", { onTask: (lease) => !(isTrain(lease) && lease.round === 2) });
    await owner.when("task", ({ lease }) => isTrain(lease) && lease.round === 2);
    owner.close();
    const token = hasToken && coordinator.hostToken !== null ? { hostToken: coordinator.hostToken } : {};
    const next = scene.join(coordinator, "next", { onTask: () => false, ...token });
    return (await next.when("welcome")).welcome.devices.filter(({ state }) => state !== undefined).length;
  };
  return [
    row("private states of four handed to a stranger, hosts trusted", await handed("trusted", false), "", { atMost: 0 }),
    row("the same with the operator's token", await handed("trusted", true), "", { atLeast: 4 }),
    row("the same where any host may have them", await handed("anyone", false), ""),
  ];
}

const seeds = [1, 2, 3, 4, 5];

/** A client takes everything back in the middle of a step; the coordinator is killed right behind it, or goes on. */
async function deleteAndKill(scene: ClaimScene, signal: AbortSignal): Promise<BenchRow[]> {
  let [numLeft, numOther, numDeleted] = [0, 0, 0];
  for (const seed of seeds) {
    const run = { ...whole, seed };
    const journal: Journal = new Map();
    const coordinator = await scene.start(run, { journal, expectedClients: 2, keepRoundsBytes: 0, runId: `straight-${seed}` });
    const held = deferred<boolean>();
    const isHeld = (lease: Parameters<typeof isTrain>[0] & { readonly round: number }) => isTrain(lease) && lease.round === 2;
    const leaver = scene.join(coordinator, "leaver");
    await leaver.when("welcome");
    const stays = scene.join(coordinator, "stays", { onTask: (lease) => (isHeld(lease) ? held.promise : true) });
    await stays.when("task", ({ lease }) => isHeld(lease));
    await until(() => leaver.events.filter((event) => event.kind === "submitted" && isHeld(event.lease)).length === 3, signal);
    const ids = [...leaver.kept.devices.keys()];
    const answer = await leaver.call("withdraw", {});
    numDeleted += answer.ok ? answer.value.numStates + answer.value.numControls + answer.value.numContributions : 0;
    const left = ids.flatMap((id) => [
      ...keysIn(journal, `tensor/c/${id}/`),
      ...keysIn(journal, `deviceState/${String(id).padStart(8, "0")}`),
    ]);
    numLeft += left.length + keysIn(journal, "contribution/").length;
    const copy: Journal = new Map(journal);
    const killed = await scene.start(run, {
      journal: copy,
      expectedClients: 2,
      keepRoundsBytes: 0,
      runId: `straight-${seed}`,
      dataDir: `${coordinator.folder}-killed`,
    });
    scene.join(killed, "stays", { kept: copyOf(stays.kept) });
    const again = (await killed.whenDone()).parametersSha256;
    held.resolve(true);
    if ((await coordinator.whenDone()).parametersSha256 !== again) numOther += 1;
  }
  return [
    row(`states, control variates and contributions deleted in ${seeds.length} runs`, numDeleted, "", { atLeast: 9 * seeds.length }),
    row("of them still in the journal", numLeft, "", { atMost: 0 }),
    row("runs with other bits where the coordinator was killed behind the deletion", numOther, "", { atMost: 0 }),
  ];
}
