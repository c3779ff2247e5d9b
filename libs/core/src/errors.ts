/** Every operating error has one code; codes are a public contract (docs/errors.md) and never change meaning. */
export const QUORATE_ERRORS = {
  QUORATE_CONFIG_INVALID: { grpc: "INVALID_ARGUMENT", retryable: false, exit: 78 },
  QUORATE_USAGE: { grpc: "INVALID_ARGUMENT", retryable: false, exit: 64 },
  QUORATE_CIB_INVALID: { grpc: "INVALID_ARGUMENT", retryable: false, exit: 65 },
  QUORATE_CIB_STALE: { grpc: "FAILED_PRECONDITION", retryable: true, exit: 1 },
  QUORATE_NOT_FOUND: { grpc: "NOT_FOUND", retryable: false, exit: 105 },
  QUORATE_EXISTS: { grpc: "ALREADY_EXISTS", retryable: false, exit: 108 },
  QUORATE_NO_QUORUM: { grpc: "UNAVAILABLE", retryable: true, exit: 106 },
  QUORATE_NOT_DC: { grpc: "FAILED_PRECONDITION", retryable: true, exit: 114 },
  QUORATE_UNSAFE: { grpc: "FAILED_PRECONDITION", retryable: false, exit: 107 },
  QUORATE_OVERLOADED: { grpc: "RESOURCE_EXHAUSTED", retryable: true, exit: 1 },
  QUORATE_FENCING_FAILED: { grpc: "INTERNAL", retryable: false, exit: 1 },
  QUORATE_TIMEOUT: { grpc: "DEADLINE_EXCEEDED", retryable: true, exit: 124 },
  QUORATE_DISCONNECTED: { grpc: "UNAVAILABLE", retryable: true, exit: 102 },
  QUORATE_STORE_CORRUPT: { grpc: "DATA_LOSS", retryable: false, exit: 1 },
  QUORATE_WIRE_INVALID: { grpc: "INVALID_ARGUMENT", retryable: false, exit: 65 },
  QUORATE_SPAWN_FAILED: { grpc: "INTERNAL", retryable: false, exit: 1 },
} as const;

export type QuorateErrorCode = keyof typeof QUORATE_ERRORS;

/** The only error class that crosses a package boundary. Branch on `code`, never on `message`. */
export class QuorateError extends Error {
  override readonly name = "QuorateError";
  readonly code: QuorateErrorCode;
  readonly details: Readonly<Record<string, string | number>>;

  constructor(code: QuorateErrorCode, message: string, options: { details?: Record<string, string | number>; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }
}
