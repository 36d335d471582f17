import type { Receipt } from "@tutti/protocol";

/** The name under which a receipt is kept: the run's, and the day. */
export function receiptFileName({ runId, issuedAt }: Pick<Receipt, "runId" | "issuedAt">): string {
  return `tutti-receipt-${runId}-${new Date(issuedAt).toISOString().slice(0, 10)}.json`;
}

/** Hands a receipt to the browser's downloads. */
export function saveReceipt(receipt: Receipt): void {
  const blob = new Blob([`${JSON.stringify(receipt, null, 2)}\n`], { type: "application/json" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = receiptFileName(receipt);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
