import { InvalidArgumentError } from "commander";

/** An argument parser for whole numbers from `least`. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < least || text.trim() === "") {
      throw new InvalidArgumentError(`It must be a whole number, at least ${least}.`);
    }
    return value;
  };
}

/** An argument parser for numbers above 0. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError("It must be a number above 0.");
  return value;
}
