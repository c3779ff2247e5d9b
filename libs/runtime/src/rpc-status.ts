/** gRPC statuses and QuorateErrors, both ways. The code travels in the trailers, so that both ends see the same error. */
import { Metadata, type ServiceError, type StatusObject, status } from "@grpc/grpc-js";
import { QUORATE_ERRORS, QuorateError, type QuorateErrorCode } from "@quorate/core";

const CODE_KEY = "quorate-code";
const DETAILS_KEY = "quorate-details-bin";

/** What a call that ended without a code of ours means. */
const CODE_OF_STATUS: Partial<Record<status, QuorateErrorCode>> = {
  [status.DEADLINE_EXCEEDED]: "QUORATE_TIMEOUT",
  [status.UNAVAILABLE]: "QUORATE_DISCONNECTED",
  [status.CANCELLED]: "QUORATE_DISCONNECTED",
  [status.ABORTED]: "QUORATE_DISCONNECTED",
  [status.RESOURCE_EXHAUSTED]: "QUORATE_OVERLOADED",
  [status.NOT_FOUND]: "QUORATE_NOT_FOUND",
  [status.ALREADY_EXISTS]: "QUORATE_EXISTS",
};

/** The status to end a call with. Anything but a QuorateError becomes INTERNAL without its text: that belongs in our log. */
export function statusOf(error: unknown): Partial<StatusObject> {
  if (!(error instanceof QuorateError)) return { code: status.INTERNAL, details: "internal error" };
  const metadata = new Metadata();
  metadata.set(CODE_KEY, error.code);
  metadata.set(DETAILS_KEY, Buffer.from(JSON.stringify(error.details)));
  return { code: status[QUORATE_ERRORS[error.code].grpc], details: error.message, metadata };
}

/**
 * The error of a call. Without a code of ours: QUORATE_TIMEOUT and QUORATE_DISCONNECTED leave the outcome unknown;
 * QUORATE_WIRE_INVALID means that the peer failed in a way its contract does not have.
 */
export function quorateErrorOf(error: ServiceError, what: string): QuorateError {
  const [code] = error.metadata?.get(CODE_KEY) ?? [];
  if (typeof code === "string" && isCode(code)) return new QuorateError(code, error.details, { details: detailsOf(error.metadata), cause: error });
  const mapped = CODE_OF_STATUS[error.code] ?? "QUORATE_WIRE_INVALID";
  return new QuorateError(mapped, `${what}: ${status[error.code] ?? error.code} ${error.details}`, { cause: error });
}

function isCode(text: string): text is QuorateErrorCode {
  return Object.hasOwn(QUORATE_ERRORS, text);
}

function detailsOf(metadata: Metadata): Record<string, string | number> {
  const [raw] = metadata.get(DETAILS_KEY);
  try {
    const parsed: unknown = JSON.parse(String(raw));
    if (typeof parsed !== "object" || parsed === null) return {};
    return Object.fromEntries(Object.entries(parsed).filter(([, value]) => typeof value === "string" || typeof value === "number"));
  } catch {
    return {}; // details are only for people
  }
}
