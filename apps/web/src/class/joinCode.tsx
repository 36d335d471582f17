import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { words } from "../words/words.ts";
import type { QrPath } from "./qrPath.ts";

interface JoinCodeProps {
  /** What the code shows, with what lets its reader in. */
  readonly link: string;
}

/** The link as a QR code, dark on white whatever the page's colours are; what draws it is loaded when it is shown. */
export function JoinCode({ link }: JoinCodeProps) {
  const code = useSignal<QrPath | null>(null);
  useEffect(() => {
    let isMeant = true;
    void import("./qrPath.ts").then(({ qrPath }) => {
      if (isMeant) code.value = qrPath(link);
    });
    return () => {
      isMeant = false;
    };
  }, [link]);
  const { size, d } = code.value ?? { size: 1, d: "" };
  return (
    <svg class="join-code" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={words.classroom.joinCode} data-testid="join-code">
      <rect width={size} height={size} fill="#fff" />
      <path d={d} fill="#000" shape-rendering="crispEdges" />
    </svg>
  );
}
