import type { DeviceId } from "@tutti/core";
import type { Example, TextExample } from "@tutti/data";
import type { AttackOrder } from "./attackOrder.ts";
import { backdoored, flippedLabels } from "./poisonedExamples.ts";

type AnyExample = Example | TextExample;

/** What a device trains on under an attack: an honest one, and one whose attack is none of examples, on what it was dealt. */
export function poisonedRows(order: AttackOrder | null, deviceId: DeviceId, dealt: readonly AnyExample[]): readonly AnyExample[] {
  if (order === null || !order.attackers.includes(deviceId)) return dealt;
  const rows = dealt.filter((row): row is Example => !("kind" in row));
  const { plan, numClasses } = order;
  const { kind, trigger, triggeredFraction = 0.5, seed } = plan;
  if (kind === "labelFlip" || kind === "falseExamples") return flippedLabels(rows, numClasses);
  if (kind !== "backdoor" || trigger === undefined) return dealt;
  return backdoored(rows, { trigger, triggeredFraction }, { seed, deviceId });
}
