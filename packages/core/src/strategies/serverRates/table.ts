import { z } from "zod";
import type { Unchanging } from "../../settings/unchanging.ts";
import { constant } from "./constant.ts";
import { cosine } from "./cosine.ts";
import type { RateMoment } from "./declaration.ts";
import { stepwise } from "./stepwise.ts";

/** Every schedule of a server's rate, by its name: a new one is a file of its own and a line here. */
export const serverRates = {
  constant,
  cosine,
  stepwise,
} as const;

type ServerRates = typeof serverRates;
type SchemaOf = ServerRates[keyof ServerRates]["schema"];

/** How the server's rate goes on from round to round. */
const serverRateSchema = z.discriminatedUnion("name", Object.values(serverRates).map(({ schema }) => schema) as [SchemaOf, ...SchemaOf[]]);

/** The setting that every strategy with a server rate takes; without it the rate is constant. */
export const serverRateSettings = { serverRateSchedule: serverRateSchema.exactOptional() };

/** How the server's rate goes on from round to round. */
export type ServerRateSchedule = Unchanging<z.output<typeof serverRateSchema>>;

/** A declaration as those see it who do not know which one it is. */
interface AnyServerRate {
  factor(settings: ServerRateSchedule, moment: RateMoment): number;
}

/** The rate of a round, from a strategy's own. */
export function serverRateAt(rate: number, schedule: ServerRateSchedule | undefined, moment: RateMoment): number {
  if (schedule === undefined) return rate;
  const declared: AnyServerRate = serverRates[schedule.name];
  return rate * declared.factor(schedule, moment);
}
