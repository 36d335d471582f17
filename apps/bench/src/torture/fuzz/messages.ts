import { presets, type RandomStream } from "@tutti/core";
import {
  type Answer,
  type CallName,
  type CallSocket,
  call,
  calls,
  type Handlers,
  type Outcome,
  rules,
  runInfoSchema,
  runSettingsSchema,
  serve,
  settingFaults,
} from "@tutti/protocol";
import fc from "fast-check";
import type { z } from "zod";
import { arbitraryOf } from "./arbitraries.ts";
import { mutateValue } from "./mutateValue.ts";
import type { FuzzTarget } from "./target.ts";

/** All calls. */
export const callNames = Object.keys(calls) as CallName[];

const numSamples = 200;

/** Messages that a schema takes, or nearly, the same ones each time. */
export function samplesOf(schema: z.ZodType, seed = 1): readonly unknown[] {
  return fc.sample(arbitraryOf(schema), { seed, numRuns: numSamples });
}

/** A socket that hands on what is put into it, as socket.io's does. */
function looseSocket(): CallSocket & { receive(name: unknown, ...values: unknown[]): void; sent: unknown[][] } {
  let listener: (name: string, ...values: unknown[]) => void = () => undefined;
  const sent: unknown[][] = [];
  return {
    connected: true,
    sent,
    emit: (...values: unknown[]) => sent.push(values),
    on: () => undefined,
    onAny(found) {
      listener = found;
    },
    offAny: () => undefined,
    receive: (name, ...values) => Reflect.apply(listener, undefined, [name, ...values]),
  };
}

/** What is wrong with an answer to a call; null for a value and for a refusal that names a rule. */
export function faultOfAnswer(answer: unknown): string | null {
  if (typeof answer !== "object" || answer === null) return `the answer is ${String(answer)}`;
  const { ok, rule, message } = answer as { ok?: unknown; rule?: unknown; message?: unknown };
  if (ok === true) return null;
  if (typeof rule !== "string" || !Object.hasOwn(rules, rule)) return `the answer names the rule ${String(rule)}`;
  if (rule === "P-5") return "a handler failed (P-5)";
  return typeof message === "string" && message.length > 5 && message.length <= 1000 ? null : `its message is ${String(message)}`;
}

/** Requests of one call, as a server of calls gets them. */
export function requestTarget(name: CallName): FuzzTarget {
  const samples = samplesOf(calls[name].request);
  const socket = looseSocket();
  const faults: unknown[] = [];
  const handlers: Handlers = Object.fromEntries(callNames.map((one) => [one, () => ({})]));
  serve(socket, handlers, { onFault: (_, error) => faults.push(error) });
  return {
    name: `request ${name}`,
    async tryCase(random) {
      const request = random.integer(8) === 0 ? samples[random.integer(numSamples)] : mutated(samples, random);
      const called = random.integer(40) === 0 ? mutateValue(name, callNames, random) : name;
      const answer = await new Promise((resolve) => socket.receive(called, request, resolve));
      const [fault] = faults.splice(0);
      return fault === undefined ? faultOfAnswer(answer) : `a fault: ${fault instanceof Error ? fault.stack : String(fault)}`;
    },
  };
}

/** Answers to one call, as its caller gets them. */
export function answerTarget(name: CallName): FuzzTarget {
  const samples = [
    ...samplesOf(calls[name].answer).map((value) => ({ ok: true, value })),
    { ok: false, rule: "P-3", message: "hello.devices: expected a list" },
  ];
  const socket = looseSocket();
  return {
    name: `answer ${name}`,
    async tryCase(random) {
      const outcome: Promise<Outcome<Answer<CallName>>> = call(socket, name, {} as never, { timeoutMs: 60_000 });
      const acknowledge = socket.sent.pop()?.at(-1);
      if (typeof acknowledge === "function") acknowledge(mutated(samples, random));
      return faultOfAnswer(await outcome);
    },
  };
}

/** What a page reads of `GET /run.json`, and settings whose faults are told. */
export function descriptionTarget(): FuzzTarget {
  const infos = samplesOf(runInfoSchema);
  const settings = Object.values(presets);
  return {
    name: "run.json and settings",
    tryCase(random) {
      runInfoSchema.safeParse(mutated(infos, random));
      const odd = mutated(settings, random);
      const { success } = runSettingsSchema.safeParse(odd);
      const faults = settingFaults(runSettingsSchema, odd);
      if (success !== (faults.length === 0)) return `${faults.length} faults of settings that are ${success ? "" : "not "}taken`;
      return faults.every((fault) => fault.length > 10 && fault.length < 5000) ? null : `a fault reads ${JSON.stringify(faults)}`;
    },
  };
}

function mutated(samples: readonly unknown[], random: RandomStream): unknown {
  return mutateValue(samples[random.integer(samples.length)], samples, random);
}
