import { isRecord } from "@/api/problem";

/** What a device answered, or why it did not. */
export type Answer =
  | { readonly kind: "answered"; readonly credential: Record<string, unknown> }
  /** Closed, not touched in time, or refused by the browser: it does not say which. */
  | { readonly kind: "closed" }
  /** The device keeps a passkey of this person already. */
  | { readonly kind: "known" };

/** Whether this browser can make and use passkeys at all. */
export function passkeysWork(): boolean {
  return (
    window.isSecureContext &&
    typeof PublicKeyCredential === "function" &&
    typeof PublicKeyCredential.parseRequestOptionsFromJSON === "function"
  );
}

/** Whether passkeys of the box work on a page of this origin. */
export function isPasskeyPlace(origin: string | null, page = window.location.origin): boolean {
  return origin !== null && origin === page;
}

/** Lets the person choose a passkey and gives what the box checks. */
export async function choosePasskey(options: unknown): Promise<Answer> {
  if (!isRequest(options)) throw new Error("The box sent no challenge.");
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return answerOf(navigator.credentials.get({ publicKey }));
}

/** Makes a passkey on this device, or on one near it. */
export async function makePasskey(options: unknown): Promise<Answer> {
  if (!isCreation(options)) throw new Error("The box sent no challenge.");
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return answerOf(navigator.credentials.create({ publicKey }));
}

async function answerOf(asked: Promise<Credential | null>): Promise<Answer> {
  try {
    const credential = await asked;
    if (!(credential instanceof PublicKeyCredential)) return { kind: "closed" };
    return { kind: "answered", credential: { ...credential.toJSON() } };
  } catch (cause) {
    if (!(cause instanceof DOMException)) throw cause;
    if (cause.name === "InvalidStateError") return { kind: "known" };
    if (CALLED_OFF.includes(cause.name)) return { kind: "closed" };
    throw cause;
  }
}

const CALLED_OFF = ["NotAllowedError", "AbortError"];

function isRequest(options: unknown): options is PublicKeyCredentialRequestOptionsJSON {
  return isRecord(options) && typeof options["challenge"] === "string";
}

function isCreation(options: unknown): options is PublicKeyCredentialCreationOptionsJSON {
  return isRequest(options) && "rp" in options && "user" in options;
}
