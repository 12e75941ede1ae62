import { Gate } from "./gate";
import { isRecord } from "./problem";

/** How somebody shows that it is still them. */
export type FactorMethod = "totp" | "backup" | "passkey" | "password";
const METHODS: readonly FactorMethod[] = ["totp", "backup", "passkey", "password"];

/** A request was refused until the person has shown again that it is them. */
export const stepUp = new Gate<readonly FactorMethod[]>();

/** The code of a refusal that the person has chosen themselves: there is nothing to say. */
export const CANCELLED = "cancelled";

/** The members of a refusal, without using up the answer. */
export async function refusalIn(response: Response): Promise<Readonly<Record<string, unknown>>> {
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => null);
  return isRecord(body) ? body : {};
}

/** The known ones of a list the box sent, in an order fit for asking. */
export function methodsOf(sent: unknown): readonly FactorMethod[] {
  const list: readonly unknown[] = Array.isArray(sent) ? sent : [];
  return METHODS.filter((one) => list.includes(one));
}
