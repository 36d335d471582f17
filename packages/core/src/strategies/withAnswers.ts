import { computeDeviceId } from "../computing.ts";
import { roundTrip } from "../encoding.ts";
import type { RoundPlan } from "../task.ts";
import type { Strategy, StrategyRun, StrategyState } from "./strategy.ts";

/** How long a run that is over waits for its report's answers. */
export const answersDeadlineMs = 300_000;

/** Tokens of a generated answer where the settings do not say. */
const defaultMaxNewTokens = 48;

/** What a run's report wants to show. */
export interface WantedAnswers {
  readonly numTexts: number;
  /** Asked when all rounds are over: whether a compute client is there, or on its way. */
  isWanted(): boolean;
}

/**
 * The same method with one step more when it is over: a compute client answers some messages of the public test part with what a newcomer gets.
 * The step changes no parameter. Without a compute client, and where none has answered by the step's deadline, the run ends without it.
 */
export function withAnswers(strategy: Strategy, run: StrategyRun, wanted: WantedAnswers | null): Strategy {
  const { branch, forget } = strategy;
  return {
    schedule: (settings) => strategy.schedule(settings),
    init: (settings, shape, initial) => strategy.init(settings, shape, initial),
    ...(branch === undefined ? {} : { branch: (state, settings, round) => branch(unmarked(state), settings, round) }),
    ...(forget === undefined ? {} : { forget: (state, deviceId, numDevices) => forget(state, deviceId, numDevices) }),
    plan(state, roster, random, attempt) {
      const next = strategy.plan(state, roster, random, attempt);
      const isOver = "done" in next && attempt === 1 && state.values[mark] !== true;
      return isOver && wanted?.isWanted() === true ? answersPlan(strategy, state, { run, numTexts: wanted.numTexts }) : next;
    },
    aggregate(state, plan, contributions) {
      if (plan.tasks[0]?.spec.kind !== "answers") return strategy.aggregate(state, plan, contributions);
      return { ...state, values: { ...state.values, [mark]: true } };
    },
    globalParams: (state) => strategy.globalParams(state),
    newcomerParams: (state) => strategy.newcomerParams(state),
    summary: (state) => strategy.summary(state),
  };
}

/** The name under which a state says that its answers are in. */
const mark = "hasAnswers";

function unmarked(state: StrategyState): StrategyState {
  const { [mark]: _, ...values } = state.values;
  return { ...state, values };
}

interface Asked {
  readonly run: StrategyRun;
  readonly numTexts: number;
}

/** One task for the compute client, behind the last step of the last round. */
function answersPlan(strategy: Strategy, state: StrategyState, { run, numTexts }: Asked): RoundPlan {
  const { stage, round, step } = strategy.summary(state);
  const maxNewTokens = run.generation?.maxNewTokens ?? defaultMaxNewTokens;
  const expects = { encoding: "f32", batchSize: run.training.batchSize, numExamples: 1, shapes: {} } as const;
  const spec = { kind: "answers", numTexts, maxNewTokens } as const;
  return {
    stage,
    round,
    step: step + 1,
    attempt: 1,
    payloads: [roundTrip(strategy.newcomerParams(state), run.paramsEncoding)],
    tasks: [{ deviceId: computeDeviceId, spec, parameterSets: { global: 0 }, expects }],
    deadlineMs: answersDeadlineMs,
    quorum: 1,
    numDevices: 1,
  };
}
