import { z } from "zod";
import { attackRecordSchema, backdoorSchema } from "./attack.ts";
import {
  listOf,
  measured,
  metricField,
  protocolField,
  selectorField,
  settingsField,
  splitField,
  stageField,
  wireBytesField,
} from "./fields.ts";
import { noisePlanSchema } from "./noise.ts";
import { runOriginSchema } from "./runOrigin.ts";
import { stepRecordSchema } from "./stepRecord.ts";
import { textMeasuresSchema } from "./textRecord.ts";
import { trafficSchema } from "./traffic.ts";

/**
 * How far devices lie apart in what each of them measured on its own share of the test split; where answers are texts, accuracy is that of their
 * tokens and the loss that of a token.
 */
const spreadSchema = z
  .object({
    numDevices: z.int().min(1),
    /** Each device counts once, however many examples it has. */
    meanAccuracy: measured,
    /** Mean over the tenth of the devices (rounded up) with the lowest accuracy. */
    worstTenthAccuracy: measured,
    meanLoss: measured,
    /** Mean over the tenth of the devices (rounded up) with the highest loss. */
    worstTenthLoss: measured,
  })
  .readonly();

const scoresShape = {
  /** By the run's `metric`; on validation rows, where no answer is generated, a text task's is token accuracy. It grows as answers get better. */
  score: measured,
  /** These two of classification alone. */
  accuracy: measured.exactOptional(),
  macroF1: measured.exactOptional(),
  /** Mean loss per example; where answers are texts, per token of them. */
  loss: measured,
  /** Texts behind the score: those that were answered, or whose generated answers were compared; absent in results from before it was kept. */
  numTexts: z.number().exactOptional(),
  /** Where answers are texts. */
  text: textMeasuresSchema.exactOptional(),
  /** Where every device was measured by itself; absent for other protocols and in results from before it was kept. */
  spread: spreadSchema.exactOptional(),
};

/** One way of evaluating on one split, at one moment of a run. */
const runScoresSchema = z.object(scoresShape).readonly();

/** A point of a run's curves: what was measured after a round of Stage C, and what it had cost by then. */
const runPointSchema = z
  .object({
    ...scoresShape,
    /** Of Stage C, from 1; 0 for what was measured before its first round. */
    round: z.number(),
    /** Of coordinator uptime in all steps so far but evaluations; Stages A and B are included. */
    seconds: z.number(),
    /** On the wire in all steps so far but evaluations; Stages A and B are included. */
    bytesUp: z.number(),
    bytesDown: z.number(),
    protocol: protocolField,
    split: splitField,
    /** Devices that answered / N. */
    coverage: z.number(),
  })
  .readonly();

const scoresByProtocol = z.partialRecord(protocolField, runScoresSchema).readonly();

/** Ritz values of one device's Hessian and their weights. */
const spectrumSchema = z.object({ deviceId: z.number(), ritzValues: listOf(measured), ritzWeights: listOf(measured) }).readonly();

/** What was planned last for a device's client, and what the client claimed of its machine. */
const planSchema = z
  .object({
    deviceId: z.number(),
    round: z.number(),
    bits: z.number(),
    batchSize: z.number(),
    /** Of each matrix, 0 where the client does not train it. */
    ranks: listOf(z.number()),
    numValues: z.number(),
    /** Expected of a round. */
    seconds: z.number(),
    memoryBytes: z.number(),
    /** Share of the round's time that it leaves unused. */
    underUse: z.number(),
    machine: z.object({ flopsPerSecond: z.number(), memoryBytes: z.number(), bytesPerSecond: z.number(), baseForm: z.string() }).readonly(),
  })
  .readonly();

/** The true class and the predicted one of every test row, both counted from 0. */
const answersSchema = z.object({ labels: listOf(z.int().min(0)), predictions: listOf(z.int().min(0)) }).readonly();

/** Test rows whose generated answers were compared, in their order, and the score of each answer. */
const answerScoresSchema = z.object({ rows: listOf(z.int().min(0)), scores: listOf(z.number()) }).readonly();

const otherModelSchema = z.object({ name: z.string(), score: measured, numTexts: z.number() }).readonly();

const faultCounts = {
  drop: z.number(),
  slow: z.number(),
  duplicate: z.number(),
  reorder: z.number(),
  corrupt: z.number(),
  reload: z.number(),
};

/** What goes wrong on purpose in a run, drawn from a seed; each but the seed is a probability per task or message. */
const faultPlanSchema = z
  .object({
    seed: z.number(),
    /** A client loses its connection when a task reaches it. */
    drop: z.number(),
    /** A contribution is held back before it is sent. */
    slow: z.number(),
    /** A contribution is sent twice. */
    duplicate: z.number(),
    /** A contribution waits for the client's next one, or for a moment where there is none. */
    reorder: z.number(),
    /** A byte of a contribution is changed on a first sending, which the coordinator must refuse or bound. */
    corrupt: z.number(),
    /** The tab is loaded again, or the process started again, in the middle of a task. */
    reload: z.number(),
  })
  .readonly();

/** How many faults of each kind a run went through. */
const faultCountsSchema = z.object(faultCounts).readonly();

/** How the cores were used while a run trained. */
const usageSchema = z
  .object({
    /**
     * Processor time of the tabs, or of the client processes, over the run's cores × wall time of the train steps, less what programs other
     * than the lab took; null where it cannot be read.
     */
    clientsFraction: z.number().nullable(),
    /** Share of the wall time between the first task and the last that lies between a step's last contribution and the next step's tasks. */
    orchestrationFraction: z.number().nullable(),
  })
  .readonly();

/** Where a run stood when its record was taken. */
const positionSchema = z
  .object({
    stage: stageField,
    /** Of the stage, from 1; 0 before the first step. */
    round: z.number(),
    numRounds: z.number(),
    /** Steps that were done of all that the settings lead to. */
    numStepsDone: z.number(),
    numSteps: z.number(),
    /** Null before anything was measured. */
    secondsLeft: z.number().nullable(),
    /** ISO date and time of the record. */
    at: z.string(),
    /** Whether the run goes on by itself; a run that was stopped goes on when it is started again. */
    isRunning: z.boolean(),
  })
  .readonly();

const round = z.object({ selected: z.number(), allLayers: z.number() }).readonly();
const roundScores = z.object({ round: z.number(), scores: listOf(z.number().nullable()) }).readonly();

/** What is planned of a run before it runs. */
const identityShape = {
  /** In an experiment a hash of all that decides its numbers but the backend; by itself the name of its folder. */
  id: z.string(),
  /** A name of core's `methods`, or `settings` where the file's own settings are used as they are. */
  method: z.string(),
  methodTitle: z.string(),
  /** What the experiment varies, by the name of the axis: selector, alpha, keepFraction, numDevices … */
  variant: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).readonly(),
  /** Whether this run only served to choose a rate: no table shows it, and it is not the chosen one. */
  isRateTrial: z.boolean(),
  task: z.string(),
  metric: metricField,
  seed: z.number(),
  settings: settingsField,
};

/** What was measured, and what it cost. */
const measuredShape = {
  seconds: z
    .object({
      scoring: z.number(),
      counting: z.number(),
      training: z.number(),
      evaluation: z.number(),
      /** From the coordinator's start to the run's end, loading included. */
      total: z.number(),
    })
    .readonly(),
  bytes: z
    .object({
      /** From the devices in Stages A, B and C; what evaluations take is apart, and pages, backbone, data and kept device states are left out. */
      up: z.number(),
      down: z.number(),
      /** Of that in Stages A and B, both ways together. */
      stagesAB: z.number(),
      /** Both ways together. */
      evaluation: z.number(),
      /** What the training rounds would have taken with all layers in f32, with the same cohorts; absent in results from before it was kept. */
      allLayersF32: wireBytesField.exactOptional(),
    })
    .readonly(),
  curve: listOf(runPointSchema),
  /** After the last round, on the test split. */
  final: scoresByProtocol,
  /** On the test split after the round with the highest score on the validation split by the task's metric (global protocol); null where there is none. */
  best: z.object({ round: z.number(), scores: scoresByProtocol }).readonly().nullable(),
  bestValidation: z.number().nullable(),
  controls: z
    .object({
      majority: z.number().nullable(),
      zeroShot: z.number().nullable(),
      /** Of always answering the commonest class; absent in results from before it was kept. */
      majorityScores: z.object({ accuracy: z.number(), macroF1: z.number(), numTexts: z.number() }).readonly().nullable().exactOptional(),
    })
    .readonly(),
  /** One per layer, null where a layer was not scored; empty where there was no Stage A. */
  layerScores: listOf(z.number().nullable()),
  /**
   * What Stage A would find with the parameters that a newcomer had at each evaluated round of Stage C, measured beside the run; round 0 is
   * `layerScores`. Rounds that a run which was interrupted no longer knows are missing; where nothing could be measured, `correctNote` says why.
   */
  layerScoresByRound: listOf(roundScores).exactOptional(),
  selector: selectorField.nullable(),
  selectedLayers: listOf(z.number()),
  keepFraction: z.number().nullable(),
  spectra: listOf(spectrumSchema),
  /** How much was trained, from which round on: layers from the top, and components of each difference; absent where that does not grow. */
  sizes: listOf(z.object({ round: z.number(), depth: z.number(), width: z.number() }).readonly()).exactOptional(),
  /** The prompt of words that the run came to, as its tokens and as people read it; absent where nothing of the kind is tuned. */
  prompt: z
    .object({ tokens: listOf(z.int().min(0)), text: z.string() })
    .readonly()
    .exactOptional(),
  /** Where a strategy plans for each client. */
  plans: listOf(planSchema).exactOptional(),
  /**
   * "1" or "0" for every row of the test split in file order: whether the final parameters answer it rightly under the global protocol. Its mean
   * is the reported global accuracy. Null where the replay was not possible, for the reason in `correctNote`.
   */
  correct: z
    .string()
    .regex(/^[01]*$/)
    .nullable(),
  /** The same rows as classes, for metrics that right and wrong do not make up; null like `correct`, absent in results from before it was kept. */
  answers: answersSchema.nullable().exactOptional(),
  /**
   * The same where generated answers are compared: the score of each one by the run's metric, whose mean is the reported global score. Null like
   * `correct`, absent for other metrics and in results from before it was kept.
   */
  answerScores: answerScoresSchema.nullable().exactOptional(),
  /** Where the experiment tries a backdoor: how often its trigger works on the final parameters, measured beside the run, whoever attacked it. */
  backdoor: backdoorSchema.exactOptional(),
  /** Models that the run's strategy makes of what it tuned, beside the one that devices evaluate, each with its main score on the same test rows. */
  otherModels: listOf(otherModelSchema).exactOptional(),
  correctNote: z.string().nullable(),
  /** Upload bytes of each training round beside all layers in the same encoding; absent in results from before it was kept. */
  uploads: listOf(round).exactOptional(),
  /** Every closed step in order; absent like `uploads`. */
  steps: listOf(stepRecordSchema).exactOptional(),
  /** Bytes on the wire by what they were spent on; absent like `uploads`. */
  traffic: trafficSchema.exactOptional(),
  /** SHA-256 of the name-ordered f32 of W and of every device's local layers; absent while a run goes, and like `uploads`. */
  parametersSha256: z.string().exactOptional(),
};

/** How and where a run was made. */
const circumstancesShape = {
  /** What the clients computed on, such as `wasm`. */
  backend: z.string(),
  /** Why it was that one; absent where nobody chose, and in results from before it was kept. */
  backendReason: z.string().exactOptional(),
  /** `any`: whoever joined, in tabs or with `tutti join`. */
  clients: z.enum(["tabs", "node", "any"]),
  /** Absent where they were not counted. */
  numClients: z.number().exactOptional(),
  /** Of WebAssembly in each client; absent where each chose. */
  threads: z.number().exactOptional(),
  /** The plan that was injected, and how often each fault happened. */
  faults: z.object({ plan: faultPlanSchema, counts: faultCountsSchema }).readonly().nullable(),
  /** What some devices did to harm the run; absent where all were honest, and in results from before it was kept. */
  attack: attackRecordSchema.exactOptional(),
  /** What tensors of training tasks met on their way; absent for nothing. */
  noise: noisePlanSchema.exactOptional(),
  usage: usageSchema,
  /** Of the checkout that made the run, with `+` and a hash of what differs where files do; null without git, absent in results from before it was kept. */
  commit: z.string().nullable().exactOptional(),
  /** The machine that made the run; absent like `commit`. */
  machine: z.string().exactOptional(),
  /** Where it started in place of values that its seed draws; absent where it did not. */
  origin: runOriginSchema.exactOptional(),
  /** Sentences for the reader, such as how shares were dealt. */
  notes: listOf(z.string()).exactOptional(),
  /** How far a run is that is not over; absent for one that is. */
  position: positionSchema.exactOptional(),
  /** Why the run did not finish; its scores are then those it had. */
  error: z.string().nullable(),
};

/** One federated run: what was planned, measured and known of how it was made. A record of an older version reads too. */
export const runRecordSchema = z.object({ ...identityShape, ...measuredShape, ...circumstancesShape }).readonly();

/** How far devices lie apart in what each of them measured on its own share of the test split. */
export type DeviceSpread = z.infer<typeof spreadSchema>;
/** One way of evaluating on one split, at one moment of a run. */
export type RunScores = z.infer<typeof runScoresSchema>;
/** A point of a run's curves. */
export type RunPoint = z.infer<typeof runPointSchema>;
/** What goes wrong on purpose in a run. */
export type FaultPlan = z.infer<typeof faultPlanSchema>;
/** How many faults of each kind a run went through. */
export type FaultCounts = z.infer<typeof faultCountsSchema>;
/** How the cores were used while a run trained. */
export type RunUsage = z.infer<typeof usageSchema>;
/** Where a run stood when its record was taken. */
export type RunPosition = z.infer<typeof positionSchema>;
/** One federated run: what was planned, measured and known of how it was made. */
export type RunRecord = z.infer<typeof runRecordSchema>;
/** What names a run and says what it is of. */
export type RunIdentity = Pick<RunRecord, keyof typeof identityShape>;
