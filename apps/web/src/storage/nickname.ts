const item = "tutti-name";

/** The longest name that a volunteer can give. */
export const maxNickname = 40;

/** A name as the run takes it: one line, without space around it. */
export function cleanNickname(name: string): string {
  return name
    .replace(/\p{Cc}/gu, "")
    .trim()
    .slice(0, maxNickname);
}

/** The name of an earlier visit; "" where there is none. */
export function rememberedNickname(storage: () => Pick<Storage, "getItem"> = () => localStorage): string {
  try {
    return cleanNickname(storage().getItem(item) ?? "");
  } catch {
    return "";
  }
}

/** Keeps the name for the next visit, where the browser stores anything. */
export function rememberNickname(name: string, storage: () => Pick<Storage, "setItem"> = () => localStorage): void {
  try {
    storage().setItem(item, name);
  } catch {
    return; // it holds for this visit
  }
}
