import { type DeviceId, maxMagnitude, type Params, type RoundPlan, type RunSettings } from "@tutti/core";
import { type BlobRef, decodeParams, encodeParams } from "@tutti/protocol";
import { type BlobStore, sha256Of } from "./http/blobs.ts";
import type { Journal, JournalContents, JournalledContribution, JournalledPlan } from "./journal/journal.ts";
import { readTask } from "./journal/olderPlans.ts";

/** A journalled plan: where clients fetch its payloads, and what was accepted for it before a restart. */
export interface Published {
  readonly payloads: readonly BlobRef[];
  readonly accepted: readonly JournalledContribution[];
}

/** The plans that are journalled. The pool opens no others, so that no task leaves before its plan is written. */
export interface Publications {
  /** Journals a plan, with the entry of the step before where that is not yet written, and serves its payloads. */
  publish(plan: RoundPlan, unwritten: unknown): void;
  /** Serves the payloads of a plan that an earlier process journalled; throws where one is missing or damaged. */
  restore(contents: JournalContents, plan: JournalledPlan): RoundPlan;
  /** Throws for a plan that is not journalled. */
  of(plan: RoundPlan): Published;
}

/** What publishing needs of the coordinator. */
export interface PublicationPorts {
  readonly run: RunSettings;
  readonly journal: Journal;
  readonly blobs: BlobStore;
}

const holder = "open step";

const largestF16 = 65_504;

/** Publications of a run; none at first. */
export function createPublications({ run, journal, blobs }: PublicationPorts): Publications {
  const published = new WeakMap<RoundPlan, Published>();
  return {
    publish(plan, unwritten) {
      const encoded = plan.payloads.map((payload) => encodePayload(payload, run));
      const payloads = encoded.map((bytes) => blobs.hold(holder, bytes));
      blobs.keepOnly(holder, new Set(payloads.map(({ sha256 }) => sha256)));
      const named: JournalledPlan = { ...plan, payloads: payloads.map(({ sha256 }) => sha256) };
      journal.putPlan(named, new Map(payloads.map(({ sha256 }, i) => [sha256, encoded[i] ?? new Uint8Array(0)])), unwritten);
      published.set(plan, { payloads, accepted: [] });
    },
    restore({ blobs: stored, contributions, devices }, plan) {
      const encoded = plan.payloads.map((sha256) => {
        const bytes = stored.get(sha256);
        if (bytes === undefined || sha256Of(bytes) !== sha256)
          throw new Error(`journal: payload ${sha256} of a step is missing or damaged`);
        return bytes;
      });
      const payloads = encoded.map((bytes) => decodeParams(bytes));
      const registered = new Map(devices.map(({ deviceId, numExamples }) => [deviceId, numExamples ?? 0]));
      const surroundings = { run, payloads, numExamples: (deviceId: DeviceId) => registered.get(deviceId) ?? 0 };
      const restored: RoundPlan = { ...plan, payloads, tasks: plan.tasks.map((task) => readTask(task, surroundings)) };
      published.set(restored, { payloads: encoded.map((bytes) => blobs.hold(holder, bytes)), accepted: contributions });
      return restored;
    },
    of(plan) {
      const found = published.get(plan);
      if (found !== undefined) return found;
      throw new Error(`${plan.stage} round ${plan.round}, step ${plan.step}: its plan is not journalled, so no task of it may leave`);
    },
  };
}

/** A payload in the run's encoding; in f32 where that would not give the values back, so that a restart finds the same ones. A residual may be beyond f16. */
function encodePayload(payload: Params, { paramsEncoding }: RunSettings): Uint8Array {
  if (maxMagnitude(payload) > largestF16) return encodeParams(payload, "f32");
  const bytes = encodeParams(payload, paramsEncoding);
  const decoded = decodeParams(bytes);
  const isSame = Object.entries(payload).every(([name, tensor]) => {
    const other = decoded[name]?.data;
    return other !== undefined && tensor.data.every((value, i) => Object.is(value, other[i]));
  });
  return isSame ? bytes : encodeParams(payload, "f32");
}
