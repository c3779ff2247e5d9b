/** What a failed call means to the caller: the server's own code from the trailers, or what gRPC itself says. */
import { status, type Metadata, type ServiceError } from "@grpc/grpc-js";
import { QUORATE_ERRORS, QuorateError, type QuorateErrorCode } from "@quorate/core";

const CODE_KEY = "quorate-code";
const DETAILS_KEY = "quorate-details-bin";

/** For calls that ended without a code of ours. */
const CODE_OF_STATUS: ReadonlyMap<number, QuorateErrorCode> = new Map([
  [status.DEADLINE_EXCEEDED, "QUORATE_TIMEOUT"],
  [status.UNAVAILABLE, "QUORATE_DISCONNECTED"],
  [status.CANCELLED, "QUORATE_DISCONNECTED"],
  [status.ABORTED, "QUORATE_DISCONNECTED"],
  [status.RESOURCE_EXHAUSTED, "QUORATE_OVERLOADED"],
  [status.NOT_FOUND, "QUORATE_NOT_FOUND"],
  [status.ALREADY_EXISTS, "QUORATE_EXISTS"],
]);

/** `call` names the method, for people. Anything outside the contract is QUORATE_WIRE_INVALID: the peer is not what this client expects. */
export function quorateErrorOf(error: unknown, call: string): QuorateError {
  if (error instanceof QuorateError) return error;
  if (!isServiceError(error)) return new QuorateError("QUORATE_WIRE_INVALID", `${call}: ${String(error)}`, { cause: error });
  const code = String(error.metadata?.get(CODE_KEY)[0] ?? "");
  if (isCode(code)) return new QuorateError(code, error.details, { details: detailsOf(error.metadata), cause: error });
  const mapped = CODE_OF_STATUS.get(error.code) ?? "QUORATE_WIRE_INVALID";
  return new QuorateError(mapped, `${call}: ${status[error.code] ?? error.code}: ${error.details}`, { cause: error });
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && "code" in error && typeof error.code === "number" && "details" in error;
}

function isCode(text: string): text is QuorateErrorCode {
  return Object.hasOwn(QUORATE_ERRORS, text);
}

/** Only for people: what is not an object of texts and numbers is left out. */
function detailsOf(metadata: Metadata): Record<string, string | number> {
  const [raw] = metadata.get(DETAILS_KEY);
  if (raw === undefined) return {};
  try {
    const entries = Object.entries(Object(JSON.parse(raw.toString())) as Record<string, unknown>);
    return Object.fromEntries(entries.filter((entry): entry is [string, string | number] => ["string", "number"].includes(typeof entry[1])));
  } catch {
    return {}; // a server that writes them in another way has still said its code
  }
}
