import type { EditBody, EditSpec, ForwardSpec, PerturbBody, PerturbSpec, SearchBody, SearchSpec, SeedPoolSpec } from "./forwardWork.ts";
import type { Params, Shapes } from "./params.ts";
import type { Saying } from "./sayings.ts";
import type { Encoding, LayerSelector } from "./settings/fields.ts";
import type { DeviceMachine, DevicePlan, LeftOut } from "./strategies/fedPipe/plan.ts";
import type { TextSums } from "./textSums.ts";

/** Devices are numbered from 0 in order of registration; sums over devices run in this order. */
export type DeviceId = number;

/** The three stages of FedPepTAO; other strategies use `train` alone. */
export type Stage = "score" | "count" | "train";

/** With which prompts an evaluation predicts: the device's own, W with the coordinator's local layers, a newcomer's, or none. */
export type Protocol = "personalised" | "global" | "newcomer" | "zeroShot";
/** The examples that an evaluation looks at. */
export type Split = "validation" | "test";

/** What a device is asked to do. */
export type TaskSpec =
  | {
      readonly kind: "score";
      readonly selector: LayerSelector;
      readonly minBatch: number;
      readonly dropout: boolean;
      readonly maskPadding: boolean;
      readonly scoreLastLayer: boolean;
    }
  | {
      readonly kind: "train";
      /** Linear warm-up of the rate, in optimiser steps already taken by this device in this stage; 0 for none. */
      readonly warmupSteps: number;
      /** E of this task. */
      readonly epochs: number;
      /** K of this task, where it is given in place of E. */
      readonly steps?: number;
      /** False in counting rounds: nothing local is read or kept, every parameter comes from the payload. */
      readonly isPersonalised: boolean;
      /** Whether the payload holds LoRA's factors at the device's own ranks: it trains and sends back these, and does without what is not there. */
      readonly hasOwnRanks?: true;
      /** Whether the device says how much each low-rank difference mattered (`matrixScores`). */
      readonly scoresMatrices?: true;
      /** Components of SVD-form differences that are alive, 16 to a word (`maskOf`): the payload holds these alone, and moments of others are dropped. */
      readonly live?: readonly number[];
      /** Whether the device says how much each component mattered (`componentScores`). */
      readonly scoresComponents?: true;
      /** For a lesson the device trains on another share than its own: of the same size, dealt by label with this Dirichlet α. */
      readonly skew?: { readonly dirichletAlpha: number };
      /** The device trains nothing: it measures how the loss changes along directions, by forward passes alone, and sends one slope for each. */
      readonly forward?: ForwardSpec;
      /** The last components of each low-rank difference are to fade: those beyond ⌈γ r⌉, by λ ‖b_tail‖ ‖a_tail‖ in the loss. */
      readonly fades?: { readonly pruneTo: number; readonly penalty: number };
    }
  | { readonly kind: "probe"; readonly lanczosSteps: number }
  | {
      readonly kind: "evaluate";
      readonly protocols: readonly Protocol[];
      readonly splits: readonly Split[];
      /** Where W follows from a pool of seeds, in place of the set `global`. */
      readonly pool?: SeedPoolSpec;
    }
  | SearchSpec
  | EditSpec
  | PerturbSpec
  | LogitsSpec
  | DistilSpec
  | AnswersSpec;

/** For a compute client: the large model's scores, less the small one's, over the distillation text. They depend on no round and are kept. */
export interface LogitsSpec {
  readonly kind: "logits";
  /** Folder name under public/backbones of the large model. */
  readonly large: string;
  /** Scores kept of each position. */
  readonly topK: number;
}

/** For a compute client: the proxy-tuned scores are distilled into the small model that the set `global` holds. */
export interface DistilSpec {
  readonly kind: "distil";
  readonly large: string;
  readonly topK: number;
  /** Of s_large + a (s_tuned − s_untuned). */
  readonly a: number;
  readonly temperature: number;
  /** Optimiser steps. */
  readonly numSteps: number;
  /** Texts in each. */
  readonly batchSize: number;
  readonly learningRate: number;
}

/** For a compute client: some answers to messages of the public test part, with the parameters that the set `global` holds, for a run's report. */
export interface AnswersSpec {
  readonly kind: "answers";
  /** Messages, or all of them where the test part has fewer. */
  readonly numTexts: number;
  /** Of one answer. */
  readonly maxNewTokens: number;
}

/** A message of the public test part with its reference, and the answer that a tuned backbone generated. */
export interface ShownAnswer {
  readonly prompt: string;
  readonly reference: string;
  readonly answer: string;
}

/** What a task asks for. */
export type TaskKind = TaskSpec["kind"];

/**
 * A task's sets of parameters by what they are for: one record from the plan over the lease to the trainer. `global` is W; `initial` is where
 * a device without local parameters starts; `correction` is c − c_i of SCAFFOLD, added to every step's clipped gradient; `frozen` is what the device
 * uses and does not train, and `frozen/0`, `frozen/1`, … are its parts where they are sets of their own. A set that a task does not need is absent.
 */
export type ParameterSets<T> = Readonly<Record<string, T>>;

/**
 * What a task's contribution must be like, checked against this task of this device alone: two devices of a step may differ in all of it.
 */
export interface TaskExpectation {
  /** Of what travels back, by name; every other trained parameter stays on the device. {} where nothing travels back. */
  readonly shapes: Shapes;
  /** Of what travels back. */
  readonly encoding: Encoding;
  /** B. */
  readonly batchSize: number;
  /** n_i. */
  readonly numExamples: number;
}

/** One task of a step, before it has an id. */
export interface PlannedTask {
  readonly deviceId: DeviceId;
  readonly spec: TaskSpec;
  /** Indices into the plan's payloads. */
  readonly parameterSets: ParameterSets<number>;
  readonly expects: TaskExpectation;
  /** What was planned for this device's client, for the journal: nothing of it travels. */
  readonly plan?: DevicePlan;
  /** By what the coordinator turns the update round before it counts, for a lesson; absent for no lesson. Nothing of it travels. */
  readonly poison?: number;
}

/** One step of a round: a batch of tasks for some devices (architecture.md, "How a round flows"). */
export interface RoundPlan {
  readonly stage: Stage;
  /** From 1 within the stage. */
  readonly round: number;
  /** From 1 within the round. */
  readonly step: number;
  /** From 1; grows when a missed quorum repeats the step with a new cohort. */
  readonly attempt: number;
  /** Parameter sets that the tasks refer to, as the devices will decode them. */
  readonly payloads: readonly Params[];
  readonly tasks: readonly PlannedTask[];
  readonly deadlineMs: number | null;
  /** Share of the tasks that must be in when the step closes. */
  readonly quorum: number;
  /** Contributions at which the step closes without waiting for the rest; absent to wait for everybody that is not optional. */
  readonly closesAt?: number;
  /** Devices that the step does not wait for; absent for none. */
  readonly optional?: readonly DeviceId[];
  /** N when the step was planned: devices of a fixed roster, devices registered so far of an open one; of an evaluation, those that hold different examples. */
  readonly numDevices: number;
  /** Devices that a strategy which plans for each client finds no plan for; absent for none. */
  readonly leftOut?: readonly LeftOut[];
  /** Number of the operator's last order that it was planned under; absent where there was none. */
  readonly orders?: number;
  /** Devices of the cohort that an operator's lesson leaves out, as if they had left; absent for none. */
  readonly dropped?: readonly DeviceId[];
}

/** The run is over. */
export interface Done {
  readonly done: true;
}

/** Nothing can be planned until the roster changes, or the operator says so. */
export interface Waiting {
  /** One sentence. */
  readonly waiting: string;
  /** The same for pages; absent where it has no kind. */
  readonly said?: readonly Saying[];
  /** Whether it is the operator who has it wait. */
  readonly isHeld?: true;
}

/** A device as the strategy sees it. */
export interface Device {
  readonly id: DeviceId;
  /** n_i, fixed at registration. */
  readonly numExamples: number;
  /** Whether a client that hosts it is connected. */
  readonly isConnected: boolean;
  /** Whether it is given up (it left, or its grace time is over); a fixed roster waits for a device that is merely away. */
  readonly hasLeft?: boolean;
  /** Whether it is still to show that it answers: it has not contributed yet (`new`), or was late or declined since it did (`failed`). Absent in runs that do not look. */
  readonly trial?: "new" | "failed";
  /** Whether it was reset since its last accepted contribution: what the server keeps for it counts as 0. */
  readonly wasReset?: boolean;
  /** The share of the partition that it holds, in an open roster, where several devices may hold one; absent for own examples. */
  readonly share?: number;
  /** Whether it fills a round until people come (P-192); absent for people's devices. */
  readonly isHelper?: boolean;
  /** Whether its client computes forward passes alone (P-250); absent where it trains by gradients. */
  readonly isForwardOnly?: true;
  /** What its client said of its machine, and the bits of the backbone that it was given; absent where it said nothing. */
  readonly machine?: DeviceMachine;
}

/** The results of a device's predictions in one protocol on one split: of a classification task, or of a text task. */
export type EvaluationResult = ClassificationResult | TextResult;

/** The results of a device's predicted classes. */
export interface ClassificationResult {
  readonly protocol: Protocol;
  readonly split: Split;
  /** (classes, classes): rows are true classes, columns predictions. */
  readonly confusion: readonly (readonly number[])[];
  /** Over the examples. */
  readonly lossSum: number;
}

/** The results of a device's predicted answers; sums alone leave the device, never a text. */
export interface TextResult {
  readonly protocol: Protocol;
  readonly split: Split;
  readonly text: TextSums;
  /** In nats, over the answers' tokens. */
  readonly lossSum: number;
}

/** What a device sends back. */
export type ContributionBody =
  | {
      readonly kind: "score";
      /** s_{i,l}, one per layer, null where a layer is not scored; null as a whole when the device abstains. */
      readonly layerScores: readonly (number | null)[] | null;
    }
  | {
      readonly kind: "train";
      /** y_i − W of the shared names, as the coordinator decodes it; of a task with `forward` the measured `slopes`. */
      readonly delta: Params;
      /** K_i; of a task with `forward` m. */
      readonly numSteps: number;
      /** How many of them it says it did not take, because loss or gradient of their batch was not finite; absent for none. A claim: nothing follows from it. */
      readonly numSkipped?: number;
      /** Mean training loss of the first and of the last local epoch. */
      readonly firstLoss: number;
      readonly lastLoss: number;
      /** How much each low-rank difference mattered, by the name of its b; where the task asks for it. */
      readonly matrixScores?: Readonly<Record<string, number>>;
      /** How much each component of each SVD-form difference mattered, by the name of its e; where the task asks for it. */
      readonly componentScores?: Readonly<Record<string, readonly number[]>>;
    }
  | { readonly kind: "probe"; readonly ritzValues: readonly number[]; readonly ritzWeights: readonly number[] }
  | { readonly kind: "evaluate"; readonly results: readonly EvaluationResult[] }
  | SearchBody
  | EditBody
  | PerturbBody
  | LogitsBody
  | DistilBody
  | AnswersBody;

/** What a compute client says of the scores that it keeps. */
export interface LogitsBody {
  readonly kind: "logits";
  /** SHA-256 of everything that the scores follow from. */
  readonly contentKey: string;
  readonly numTexts: number;
  /** Tokens that are predicted. */
  readonly numPositions: number;
  /** Mean over positions of the total variation between softmax(s_large) with all scores and with those that are kept. */
  readonly topKError: number;
}

/** What distillation comes to. */
export interface DistilBody {
  readonly kind: "distil";
  /** The student less what it started from. */
  readonly delta: Params;
  readonly numSteps: number;
  /** T² KL(teacher ‖ student), a mean per position, of the first and of the last step. */
  readonly firstLoss: number;
  readonly lastLoss: number;
  /** Mean |s_student − s_untuned| afterwards. */
  readonly drift: number;
}

/** What a compute client generated for a report, in the order of the test part. */
export interface AnswersBody {
  readonly kind: "answers";
  readonly answers: readonly ShownAnswer[];
}

/** What a device sends back for a task, with n_i. */
export interface Contribution {
  readonly deviceId: DeviceId;
  /** n_i as it counts: where it is a client's claim, up to the run's `maxCountedExamples`. */
  readonly numExamples: number;
  readonly body: ContributionBody;
  /** Whether the device was reset since its last accepted contribution: what the server keeps for it starts from 0. */
  readonly wasReset?: boolean;
}
