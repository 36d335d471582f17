import { type ContributionBody, createRandom, type DeviceId, type DeviceState, type Params, taskSteps } from "@tutti/core";
import type { Trainer, TrainerResult, TrainerTask } from "@tutti/model";
import type { AttackOrder } from "./attackOrder.ts";
import { falseExamples, falseScores } from "./claims.ts";
import { aLittleIsEnough, gaussian, hidingZ, minMax, replacementFactor, scaledBackdoor, signFlipped, statisticsOf } from "./updates.ts";

type TrainResult = TrainerResult & { readonly body: Extract<ContributionBody, { kind: "train" }> };

/**
 * A trainer whose attackers do what their order says and whose other devices are honest. Labels and texts are poisoned before it, where examples are
 * dealt (`poisonedRows`). Attackers that collude share a store: each of this lab's clients may load the shares of all attackers and trains for each of them
 * as a device without a past, so that what they send does not depend on which client hosts whom.
 */
export function attackingTrainer(trainer: Trainer, order: AttackOrder): Trainer {
  const { plan, attackers } = order;
  const numHeld = new Map<DeviceId, number>();
  const colluders = createColluders(trainer, order, numHeld);
  const isAttacker = (deviceId: DeviceId) => attackers.includes(deviceId);

  /** The task as the device can do it, whatever it claims to hold. */
  function doable(task: TrainerTask): TrainerTask {
    return { ...task, expects: { ...task.expects, numExamples: numHeld.get(task.deviceId) ?? task.expects.numExamples } };
  }

  return {
    ...trainer,
    async addDevice(deviceId, source) {
      const { numExamples } = await trainer.addDevice(deviceId, source);
      numHeld.set(deviceId, numExamples);
      return {
        numExamples: plan.kind === "falseExamples" && isAttacker(deviceId) ? falseExamples(numExamples, factorOf(order)) : numExamples,
      };
    },
    async compute(task, state, onStep, signal) {
      if (!isAttacker(task.deviceId)) return trainer.compute(task, state, onStep, signal);
      const result = await trainer.compute(doable(task), state, onStep, signal);
      const { body } = result;
      if (body.kind === "score" && plan.kind === "falseScores")
        return { ...result, body: { ...body, layerScores: falseScores(body.layerScores, factorOf(order)) } };
      if (body.kind !== "train") return result;
      const delta = await colluders.poisoned(task, { ...result, body }, signal);
      const { spec, expects } = task;
      const numSteps = spec.kind === "train" ? taskSteps(spec, expects) : body.numSteps;
      return { body: { ...body, delta, numSteps }, state: withMoreSteps(result.state, numSteps - body.numSteps) };
    },
  };
}

/** The state as after the steps that a claim takes, which a coordinator counts (P-124). */
function withMoreSteps(state: DeviceState | null, numMore: number): DeviceState | null {
  return state === null ? null : { ...state, stageSteps: state.stageSteps + numMore };
}

/** λ of the plan, or what it is where the plan leaves it to the run. */
function factorOf({ plan, cohortSize, attackers }: AttackOrder): number {
  return plan.factor ?? replacementFactor(cohortSize, attackers.length);
}

interface Colluders {
  /** What an attacker sends in place of its own difference. */
  poisoned(task: TrainerTask, own: TrainResult, signal?: AbortSignal): Promise<Params>;
}

function createColluders(trainer: Trainer, order: AttackOrder, numHeld: Map<DeviceId, number>): Colluders {
  const { plan, attackers, cohortSize } = order;
  let known: { readonly key: string; readonly updates: Map<DeviceId, Params> } = { key: "", updates: new Map() };

  async function updateOf(deviceId: DeviceId, task: TrainerTask, signal: AbortSignal | undefined): Promise<Params> {
    const numExamples = numHeld.get(deviceId) ?? (await trainer.addDevice(deviceId, { kind: "share", index: deviceId })).numExamples;
    numHeld.set(deviceId, numExamples);
    const { body } = await trainer.compute({ ...task, deviceId, expects: { ...task.expects, numExamples } }, null, undefined, signal);
    if (body.kind !== "train") throw new Error(`device ${deviceId}: expected a train contribution, found ${body.kind}`);
    return body.delta;
  }

  /** The honest differences of all attackers on the task's W, in device order. */
  async function shared(task: TrainerTask, own: TrainResult, hasPast: boolean, signal: AbortSignal | undefined): Promise<Params[]> {
    const key = `${task.stage} ${task.round} ${task.attempt}`;
    if (known.key !== key) known = { key, updates: new Map() };
    const { updates } = known;
    if (!hasPast) updates.set(task.deviceId, own.body.delta);
    for (const deviceId of attackers) if (!updates.has(deviceId)) updates.set(deviceId, await updateOf(deviceId, task, signal));
    return attackers.map((deviceId) => updates.get(deviceId) ?? own.body.delta);
  }

  return {
    async poisoned(task, own, signal) {
      const { delta } = own.body;
      const updates = () => shared(task, own, task.spec.kind === "train" && task.spec.isPersonalised, signal);
      switch (plan.kind) {
        case "signFlip":
          return signFlipped(delta, factorOf(order));
        case "backdoor":
          return scaledBackdoor(delta, factorOf(order));
        case "gaussian": {
          const { stage, round, attempt, deviceId: device } = task;
          return gaussian(
            delta,
            plan.stdDev ?? 1,
            createRandom(plan.seed).stream({ stage, round, attempt, device, purpose: "gaussian attack" }),
          );
        }
        case "aLittleIsEnough":
          return aLittleIsEnough(statisticsOf(await updates()), plan.z ?? hidingZ(cohortSize, attackers.length));
        case "minMax":
          return minMax(await updates());
        case "labelFlip":
        case "falseExamples":
        case "falseScores":
          return delta;
      }
    },
  };
}
