import type { Command } from "commander";

/** `tutti receipt verify`: whether a receipt is unchanged, and the run's. */
export function addReceipt(program: Command): void {
  const receipt = program
    .command("receipt")
    .description("receipts of contributions, which the page of a run offers")
    .addHelpText("after", "\nExample:\n  tutti receipt verify tutti-receipt.json --run http://192.168.1.20:8080");
  receipt
    .command("verify")
    .argument("<file>", "a receipt, as the page gives it")
    .description("check that a receipt is unchanged and signed by the run")
    .option("--run <run>", "the run's address, its folder, or its public key; without it nobody knows whose signature it is")
    .option("--json", "the verdict and the receipt as JSON")
    .addHelpText(
      "after",
      `
Examples:
  tutti receipt verify tutti-receipt.json --run http://192.168.1.20:8080
  tutti receipt verify tutti-receipt.json --run runs/<id>

Exit codes of this command:
  0    valid
  3    changed: the signature does not fit
  4    by another run`,
    )
    .action(verify);
}

async function verify(file: string, { run, json }: { readonly run?: string; readonly json?: boolean }): Promise<void> {
  const { findRun, judge, readReceipt, verdictCodes } = await import("../receipt/verify.ts");
  const receipt = await readReceipt(file);
  const verdict = judge(receipt, run === undefined ? null : await findRun(run));
  if (json === true) console.log(JSON.stringify(verdict));
  else console.log((await import("../receipt/verdictText.ts")).verdictText(verdict));
  process.exitCode = verdictCodes[verdict.kind];
}
