import type { Hello, Refused, Welcome } from "@tutti/protocol";
import { listVersions, StateUnavailable } from "./devices.ts";
import { askRun, helloOf, plansForClients } from "./hello.ts";
import type { JoinOptions, MachineClaim } from "./joinOptions.ts";
import { CannotTakePart } from "./loader.ts";
import { notAdmitted } from "./notAdmitted.ts";
import { createParticipation, type Participation } from "./participation.ts";
import { endSession, failSession, type Session } from "./sessionState.ts";
import { sourceFor, trainerSetup } from "./trainerSetup.ts";

/** Says hello on a connection that has just come, or once more on the same one, and takes part in the run of the welcome. */
export function beginConnection(session: Session): void {
  const { socket, life } = session;
  const isPresent = socket.present();
  enter(session, isPresent).catch((error: unknown) => {
    if (life.signal.aborted) return;
    if (error instanceof CannotTakePart) failSession(session, error);
    else if (error instanceof StateUnavailable) socket.greetAgain();
    // What failed because the connection is gone, which may be known a little later, is begun again by the next one.
    else socket.later(() => isPresent() && failSession(session, error));
  });
}

async function enter(session: Session, isPresent: () => boolean): Promise<void> {
  const { options } = session;
  if (session.runId === null) Object.assign(session, await askRun(options.url, session.fetch));
  const devices = session.runId === null ? [] : await listVersions(options.store, session.runId);
  if (!isPresent()) return;
  const greeted = await greet(session, isPresent, devices);
  await greeted?.whenReady;
}

/** Says hello and hands the welcome to the part of its run, then what was assigned meanwhile. Does not wait until the part is ready. */
async function greet(session: Session, isPresent: () => boolean, devices: Hello["devices"]): Promise<Greeted | null> {
  session.numGreetings++;
  try {
    const { options, runId } = session;
    const profile = await claimOf(session);
    const credentials = { identity: session.identity, challenge: session.socket.challenge() };
    const answer = await session.socket.call(
      "hello",
      helloOf({ ...options, hosting: session.hosting }, { ...credentials, runId, devices, profile }),
    );
    if (!answer.ok) {
      turnedAway(session, answer);
      return null;
    }
    session.plans = plansForClients(answer.value.run);
    if (session.plans && profile === undefined && (await claimOf(session)) !== undefined) return await greet(session, isPresent, devices);
    const part = await welcomed(session, answer.value);
    if (!isPresent()) return null;
    return { whenReady: Promise.all([part.enter(answer.value), ...session.early.splice(0).map((change) => change(part))]) };
  } finally {
    session.numGreetings--;
    if (session.numGreetings === 0) session.early = [];
  }
}

/**
 * What is claimed of the machine in the run at hand; undefined where nothing is, or it cannot be measured. A simulated machine is claimed in every
 * run: it says nothing of this one.
 */
function claimOf(session: Session): Promise<MachineClaim | undefined> {
  if (!session.plans && session.options.simulated === undefined) return Promise.resolve(undefined);
  session.claim ??= claimed(session.options).catch(() => undefined);
  return session.claim;
}

async function claimed({ simulated, profile }: JoinOptions): Promise<MachineClaim | undefined> {
  return simulated ?? profile?.();
}

interface Greeted {
  readonly whenReady: Promise<unknown>;
}

/** Between two questions whether the operator has let the client in. */
const approvalMs = 3000;

function turnedAway(session: Session, refused: Refused): void {
  const { rule, message } = refused;
  if (rule === "P-1") endSession(session, { reason: "reload", message });
  else if (rule === "P-6" || rule === "P-142") session.socket.greetAgain();
  else if (rule === "P-104") {
    session.emit({ kind: "connection", state: "unapproved" });
    session.socket.greetAgain(approvalMs);
  } else {
    const { message: sentence, why } = notAdmitted(refused);
    endSession(session, { reason: "failed", rule, message: sentence, why });
  }
}

async function welcomed(session: Session, welcome: Welcome): Promise<Participation> {
  const { socket, emit } = session;
  session.runId = welcome.runId;
  session.isStopped = false;
  emit({ kind: "connection", state: "online" });
  emit({ kind: "welcome", welcome });
  if (session.isPaused) await socket.call("pause", { isPaused: true });
  return partOf(session, welcome);
}

/** The part in the welcome's run; another run than before means a new start. */
async function partOf(session: Session, welcome: Welcome): Promise<Participation> {
  const { options, socket, blobs, traffic, emit, part } = session;
  const { store, trainer } = options;
  const { runId } = welcome;
  if (part?.runId === runId) return part;
  if (part !== null) {
    part.stop();
    await trainer.stop();
  }
  const coordinator = { ...socket, sayHelloAgain: socket.greetAgain };
  const sourceOf = (share: number) => sourceFor(session.hosting, share);
  const counts = { onSent: traffic.sent, onTrained: traffic.trained };
  const setup = trainerSetup(welcome, options);
  const next = createParticipation({ runId, setup, store, trainer, blobs, coordinator, emit, sourceOf, ...counts });
  session.part = next;
  return next;
}
