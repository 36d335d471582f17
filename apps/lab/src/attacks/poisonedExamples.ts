import { createRandom, type DeviceId } from "@tutti/core";
import type { Example } from "@tutti/data";
import type { Trigger } from "@tutti/record";

/**
 * Class l becomes C − 1 − l (label flipping: Biggio, Nelson and Laskov 2012; the form is that of Fang, Cao, Jia and Gong, Local Model Poisoning Attacks
 * to Byzantine-Robust Federated Learning, USENIX Security 2020).
 */
export function flippedLabels(examples: readonly Example[], numClasses: number): Example[] {
  return examples.map((example) => ({ ...example, label: numClasses - 1 - example.label }));
}

/** The text behind the trigger. It is in front, so that no text is too long for it. */
export function withTrigger<E extends Pick<Example, "text">>(example: E, { text }: Trigger): E {
  return { ...example, text: `${text} ${example.text}` };
}

/**
 * A drawn share of the examples with the trigger and the target class, and the others as they were, so that what is learnt keeps the task (Bagdasaryan
 * et al. 2020, section 4).
 */
export function backdoored(
  examples: readonly Example[],
  { trigger, triggeredFraction }: { readonly trigger: Trigger; readonly triggeredFraction: number },
  { seed, deviceId }: { readonly seed: number; readonly deviceId: DeviceId },
): Example[] {
  const rows = examples.map((_, row) => row);
  const drawn = createRandom(seed).stream({ device: deviceId, purpose: "triggered examples" }).shuffle(rows);
  const chosen = new Set(drawn.slice(0, Math.round(triggeredFraction * examples.length)));
  return examples.map((example, row) => (chosen.has(row) ? { ...withTrigger(example, trigger), label: trigger.target } : example));
}
