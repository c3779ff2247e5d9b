/** Structured logs: one JSON object per line on stdout, for the journal. */
import { pino } from "pino";

export interface Logger {
  trace(fields: Record<string, unknown>, message: string): void;
  debug(fields: Record<string, unknown>, message: string): void;
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
  fatal(fields: Record<string, unknown>, message: string): void;
  child(fields: Record<string, unknown>): Logger;
}

/** Where lines go when it is not stdout. */
export interface LogDestination {
  write(line: string): void;
}

/** Key names whose values never reach a log, at any depth down to three levels. */
export const SECRET_KEYS: readonly string[] = [
  "password", "passwd", "passwd_script", "passwordFile", "pass", "pwd", "secret", "secretFile", "key", "keyFile", "token",
  "community", "privKey", "authKey", "priv_key", "auth_key", "authorization", "hmac", "snmp_priv_passwd", "snmp_auth_passwd",
];

const WAITING_BYTES_MAX = 4 * 1_048_576;
const REDACTED_PATHS = SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`, `*.*.*.${key}`]);

/**
 * A logger whose every line carries `service` and `node`. Errors are given under `error` (or `err`) and are written with
 * stack, code and cause. `level` defaults to "info".
 */
export function createLogger(options: { service: string; node: string; level?: string; destination?: LogDestination }): Logger {
  const settings = {
    level: options.level ?? "info",
    base: { service: options.service, node: options.node, pid: process.pid },
    messageKey: "message",
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { error: pino.stdSerializers.errWithCause, err: pino.stdSerializers.errWithCause },
    redact: { paths: REDACTED_PATHS, censor: "[redacted]" },
  };
  return pino(settings, options.destination ?? standardOutput());
}

/**
 * Lines wait in memory while the journal does not read, and are dropped beyond the bound: a stalled reader must never stop a beat.
 * What waits is written out at exit, and after each fatal line.
 */
function standardOutput(): LogDestination {
  return pino.destination({ fd: 1, sync: false, maxLength: WAITING_BYTES_MAX });
}

/** For tests and tools that want no log at all. */
export const silentLogger: Logger = pino({ level: "silent" });
