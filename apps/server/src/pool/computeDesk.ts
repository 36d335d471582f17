import { computeDeviceId, type DeviceId, type PlannedTask, type TaskOutcome } from "@tutti/core";
import { type DeviceDecision, type Hello, type Refusal, refuse, type Submit, type SubmitOutcome } from "@tutti/protocol";
import { isSameSecret } from "../entry/tokens.ts";
import type { JournalledDevice } from "../journal/journal.ts";
import { createResending, type ResendActs } from "../limits/resending.ts";
import type { Waited } from "../waiting.ts";
import { type AcceptancePorts, createAcceptance } from "./acceptance.ts";
import type { Clock } from "./clock.ts";
import { type Connection, freshDevice } from "./members.ts";
import { type CurrentStep, isOpenLease, type Lease, leaseMessage, type OpenStep } from "./openStep.ts";

/** A compute client that has said hello (P-90). */
export interface Computer {
  readonly clientKey: string;
  connection: Connection | null;
  /** Whether it has registered on its connection: its models are loaded. */
  isReady: boolean;
  isPaused: boolean;
  /** Why it declined last, until it registers again. */
  declined: string | null;
}

/** What the desk needs of its surroundings. */
export interface ComputeDeskPorts extends AcceptancePorts {
  readonly clock: Clock;
  readonly current: CurrentStep;
  /** What compute clients must bring; null where the run needs none. */
  readonly token: string | null;
  /** As the journal has it; null before a first contribution. */
  readonly device: JournalledDevice | null;
  /** Something that a page shows has changed. */
  onChange(): void;
  /** A lease that was not acknowledged is sent again (P-144). */
  onResent(): void;
}

/** Gives the tasks of P-91 to compute clients: to the first that is ready, and to another when it goes. */
export interface ComputeDesk {
  hello(connection: Connection, hello: Hello): Refusal | { readonly computer: Computer; readonly devices: readonly DeviceDecision[] };
  register(computer: Computer, devices: readonly { readonly deviceId: DeviceId }[]): Refusal | null;
  pause(computer: Computer, isPaused: boolean): void;
  /** Its socket is gone, or it leaves. */
  left(computer: Computer, connection: Connection): void;
  /** Hands the open task to whoever is there to do it. */
  deliver(): void;
  perform(step: OpenStep, task: PlannedTask): Promise<TaskOutcome>;
  submit(computer: Computer, submission: Submit): Promise<Refusal | { readonly outcome: SubmitOutcome }>;
  /** With null it can do no task at all. */
  decline(computer: Computer, taskId: string | null, reason: string): Refusal | null;
  notAcknowledged(taskId: string, connectionId: string): void;
  /** Whether a compute client is there that takes tasks. */
  isAttended(): boolean;
  /** Why the open task waits, or null where nothing waits. */
  whyWaiting(): Waited | null;
  stop(): void;
}

/** What the status says where nobody computes. */
export const noComputeClient =
  "waiting for a compute client: start one with the command that the coordinator printed (tutti compute --join ADDRESS --token TOKEN)";

/** The same where the run is over but for the answers that its report shows. */
export const noAnswerer = "the run is over; its report waits for a compute client that answers some messages";

/** A desk that no compute client has come to. */
export function createComputeDesk(ports: ComputeDeskPorts): ComputeDesk {
  const { current, token, clock, onChange } = ports;
  const computers = new Map<string, Computer>();
  let seat: JournalledDevice = ports.device ?? freshDevice(computeDeviceId, null);
  let isStopped = false;
  const resending = createResending(clock, ports.onResent);
  const acceptance = createAcceptance(ports, {
    homes: {
      get: (deviceId) => (deviceId === computeDeviceId ? seat : null),
      update(device) {
        seat = device;
      },
    },
    settled: () => undefined,
  });

  const openLease = (): Lease | null => {
    const lease = current.step?.byDevice.get(computeDeviceId);
    return lease?.isWanted === true && isOpenLease(current.step, lease) ? lease : null;
  };

  function deliver(): void {
    const [lease, { step }] = [openLease(), current];
    if (isStopped || lease === null || step === null) return;
    const holder = computers.get(lease.holder ?? "");
    const taker = holder !== undefined && canWork(holder) ? holder : [...computers.values()].find(canWork);
    if (taker?.connection == null || taker.connection.id === lease.sentOn) return;
    lease.holder = taker.clientKey;
    lease.sentOn = taker.connection.id;
    taker.connection.task(leaseMessage(step, lease, clock.now()));
  }

  function changed(): void {
    deliver();
    onChange();
  }

  return {
    deliver,
    hello(connection, { clientKey, token: given = "", devices: claims }) {
      if (token === null) return refuse("P-90", "this run needs no compute client: join with `tutti join`");
      if (!isSameSecret(given, token)) return refuse("P-90", "the token is not this run's: take the one that the coordinator printed");
      const known = computers.get(clientKey) ?? { clientKey, connection: null, isReady: false, isPaused: false, declined: null };
      if (known.connection !== null && known.connection !== connection) known.connection.replaced();
      Object.assign(known, { connection, isReady: false, isPaused: false, declined: null });
      computers.set(clientKey, known);
      return { computer: known, devices: [decisionOf(claims, seat, openLease()?.taskId ?? null)] };
    },
    register(computer, devices) {
      const foreign = devices.find(({ deviceId }) => deviceId !== computeDeviceId);
      if (foreign !== undefined) return refuse("P-14", `device ${foreign.deviceId} does not live in a compute client`);
      Object.assign(computer, { isReady: true, declined: null });
      onChange();
      return null;
    },
    pause(computer, isPaused) {
      computer.isPaused = isPaused;
      changed();
    },
    left(computer, connection) {
      if (computer.connection !== connection) return;
      Object.assign(computer, { connection: null, isReady: false });
      changed();
    },
    perform(step, { deviceId }) {
      const lease = step.byDevice.get(deviceId);
      if (lease === undefined) throw new Error("the compute client has no task in this step");
      lease.isWanted = true;
      changed();
      return lease.outcome;
    },
    submit(computer, submission) {
      seat = { ...seat, clientKey: computer.clientKey };
      return acceptance.submit(current.step, computer, submission).finally(onChange);
    },
    decline(computer, taskId, reason) {
      const lease = openLease();
      if (taskId !== null && lease?.taskId !== taskId) return null;
      if (taskId !== null && lease?.holder !== computer.clientKey) return refuse("P-43", `task ${taskId} was not leased to this client`);
      computer.declined = reason;
      if (lease?.holder === computer.clientKey) lease.sentOn = null;
      if (taskId !== null && isForReport(lease)) lease?.end({ kind: "declined", reason }); // the run ends without it
      changed();
      return null;
    },
    notAcknowledged(taskId, connectionId) {
      const lease = openLease();
      if (lease?.taskId !== taskId || lease.sentOn !== connectionId) return;
      resending.failed(lease, actsOn(lease, { connectionId, computer: computers.get(lease.holder ?? ""), changed }));
    },
    isAttended: () => [...computers.values()].some(canWork),
    whyWaiting() {
      const lease = openLease();
      if (lease === null) return null;
      const lack = lackOf([...computers.values()]);
      return lack?.message === noComputeClient && isForReport(lease) ? { message: noAnswerer, said: [{ kind: "reportWaits" }] } : lack;
    },
    stop() {
      resending.forget();
      isStopped = true;
    },
  };
}

interface Unacknowledged {
  readonly connectionId: string;
  readonly computer: Computer | undefined;
  readonly changed: () => void;
}

/** The lease goes out again, or to somebody else, when it is free of this connection. */
function actsOn(lease: Lease, { connectionId, computer, changed }: Unacknowledged): ResendActs {
  const free = (): void => {
    if (lease.sentOn === connectionId) lease.sentOn = null;
    changed();
  };
  return {
    send: free,
    giveUp() {
      const reason = "the task was not acknowledged";
      if (computer !== undefined) computer.declined = reason;
      if (isForReport(lease)) lease.end({ kind: "declined", reason }); // the run ends without it
      free();
    },
  };
}

const isForReport = (lease: Lease | null) => lease?.task.spec.kind === "answers";

function canWork({ connection, isReady, isPaused, declined }: Computer): boolean {
  return connection !== null && isReady && !isPaused && declined === null;
}

/** What keeps all of them from work; null where one can. */
function lackOf(computers: readonly Computer[]): Waited | null {
  if (computers.some(canWork)) return null;
  const here = computers.filter(({ connection }) => connection !== null);
  const reason = here.find(({ declined }) => declined !== null)?.declined ?? null;
  if (reason !== null) return { message: `the compute client cannot go on: ${reason}`, said: null };
  if (here.some(({ isPaused }) => isPaused)) return { message: "the compute client is paused", said: [{ kind: "computePaused" }] };
  return here.length > 0
    ? { message: "the compute client is getting ready", said: [{ kind: "computeArriving" }] }
    : { message: noComputeClient, said: [{ kind: "computeMissing" }] };
}

/** The seat keeps no state: whatever a client has that does not fit is forgotten. */
function decisionOf(claims: Hello["devices"], { version }: JournalledDevice, openTask: string | null): DeviceDecision {
  const deviceId = computeDeviceId;
  const claim = claims.find((one) => one.deviceId === deviceId);
  if (claim === undefined) return { deviceId, decision: "new" };
  if (claim.pending !== null && claim.pending === version) return { deviceId, decision: "promote" };
  const isExpected = claim.pending === null || claim.pending === openTask;
  return { deviceId, decision: isExpected ? "keep" : "drop" };
}
