/**
 * Parameters of an SNMP fence device, named and defaulted as `fence_apc_snmp` has them, so that a configuration written for
 * that agent works unchanged (`ipport`, formerly `udpport`). Source: its metadata; beyond it `snmp_timeout` and `snmp_retries` bound each packet.
 */
import { type Result, err, ok } from "@quorate/core";
import { parseDurationMs } from "@quorate/fencing";

export const AUTH_PROTOCOLS = ["md5", "sha", "sha224", "sha256", "sha384", "sha512"] as const;
export const PRIV_PROTOCOLS = ["aes", "aes256b", "aes256r"] as const;
export type AuthProtocol = (typeof AUTH_PROTOCOLS)[number];
export type PrivProtocol = (typeof PRIV_PROTOCOLS)[number];

export type SnmpCredentials =
  | { readonly version: 1 | 2; readonly community: string }
  | {
      readonly version: 3;
      readonly user: string;
      readonly auth: { readonly protocol: AuthProtocol; readonly key: string } | null;
      readonly priv: { readonly protocol: PrivProtocol; readonly key: string } | null;
    };

export interface SnmpTarget {
  readonly host: string;
  readonly port: number;
  readonly credentials: SnmpCredentials;
  /** Wait for the answer to one packet. */
  readonly packetTimeoutMs: number;
  /** Repetitions of a packet without an answer. */
  readonly retries: number;
}

type Parameters = Readonly<Record<string, string>>;

const PORT = 161;
const PACKET_TIMEOUT_MS = 500;
const RETRIES = 3;
const RETRIES_MAX = 20;
/** RFC 3414: shorter pass phrases cannot be made into keys. */
const PASSPHRASE_MIN = 8;

/** Says what is wrong with the parameters, all at once and without their values. */
export function readSnmpTarget(parameters: Parameters): Result<SnmpTarget, string> {
  const problems: string[] = [];
  const host = first(parameters, "ip", "ipaddr") ?? "";
  if (host === "") problems.push("ip is missing");
  const port = wholeNumber(parameters, "udpport", first(parameters, "ipport") ?? String(PORT));
  if (port === null || port < 1 || port > 65_535) problems.push("udpport is not a port");
  const retries = wholeNumber(parameters, "snmp_retries", String(RETRIES));
  if (retries === null || retries > RETRIES_MAX) problems.push(`snmp_retries is not a number up to ${RETRIES_MAX}`);
  const packetTimeoutMs = parameters["snmp_timeout"] === undefined ? PACKET_TIMEOUT_MS : parseDurationMs(parameters["snmp_timeout"]);
  if (packetTimeoutMs === null || packetTimeoutMs < 1) problems.push("snmp_timeout is not a time");
  const credentials = readCredentials(parameters, problems);
  if (problems.length > 0 || port === null || retries === null || packetTimeoutMs === null || credentials === null) return err(problems.join("; "));
  return ok({ host, port, credentials, packetTimeoutMs, retries });
}

function readCredentials(parameters: Parameters, problems: string[]): SnmpCredentials | null {
  const user = first(parameters, "username", "login");
  const level = parameters["snmp_sec_level"]?.toLowerCase();
  const version = parameters["snmp_version"] ?? (user !== undefined && (level !== undefined || parameters["community"] === undefined) ? "3" : "1");
  if (version === "1") return { version: 1, community: parameters["community"] ?? "private" };
  if (version === "2c" || version === "2") return { version: 2, community: parameters["community"] ?? "private" };
  if (version !== "3") {
    problems.push("snmp_version is none of 1, 2c, 3");
    return null;
  }
  if (user === undefined) {
    problems.push("username is missing");
    return null;
  }
  return readUser({ user, level, parameters, problems });
}

function readUser(given: { readonly user: string; readonly level: string | undefined; readonly parameters: Parameters; readonly problems: string[] }): SnmpCredentials {
  const { user, parameters, problems } = given;
  const password = first(parameters, "password", "passwd") ?? "";
  const privPassword = parameters["snmp_priv_passwd"] ?? "";
  const level = given.level ?? (privPassword === "" ? (password === "" ? "noauthnopriv" : "authnopriv") : "authpriv");
  if (!["noauthnopriv", "authnopriv", "authpriv"].includes(level)) problems.push("snmp_sec_level is none of noAuthNoPriv, authNoPriv, authPriv");
  const authProtocol = readAuthProtocol(parameters["snmp_auth_prot"] ?? "MD5");
  const privProtocol = readPrivProtocol(parameters["snmp_priv_prot"] ?? "AES");
  const hasAuth = level !== "noauthnopriv";
  const hasPriv = level === "authpriv";
  if (hasAuth && authProtocol === null) problems.push("snmp_auth_prot is none of MD5, SHA, SHA224, SHA256, SHA384, SHA512");
  if (hasAuth && password.length < PASSPHRASE_MIN) problems.push(`password is shorter than ${PASSPHRASE_MIN} characters`);
  if (hasPriv && privProtocol === null) problems.push("snmp_priv_prot is none of AES, AES256, AES256C (DES is no longer offered by OpenSSL; fence_apc_snmp has it)");
  if (hasPriv && privPassword.length < PASSPHRASE_MIN) problems.push(`snmp_priv_passwd is shorter than ${PASSPHRASE_MIN} characters`);
  return {
    version: 3,
    user,
    auth: hasAuth && authProtocol !== null ? { protocol: authProtocol, key: password } : null,
    priv: hasPriv && privProtocol !== null ? { protocol: privProtocol, key: privPassword } : null,
  };
}

/** `SHA-256`, `sha256` and `SHA2-256` are written in the field. */
function readAuthProtocol(text: string): AuthProtocol | null {
  const name = text.toLowerCase().replace(/^sha1$/, "sha").replace(/^sha2?-?(\d{3})$/, "sha$1");
  return AUTH_PROTOCOLS.find((protocol) => protocol === name) ?? null;
}

function readPrivProtocol(text: string): PrivProtocol | null {
  const names: Readonly<Record<string, PrivProtocol>> = { aes: "aes", aes128: "aes", aes256: "aes256b", aes256c: "aes256r" };
  return names[text.toLowerCase().replaceAll("-", "")] ?? null;
}

function first(parameters: Parameters, ...names: readonly string[]): string | undefined {
  const name = names.find((one) => parameters[one] !== undefined);
  return name === undefined ? undefined : parameters[name];
}

function wholeNumber(parameters: Parameters, name: string, otherwise: string): number | null {
  const text = parameters[name] ?? otherwise;
  return /^\d{1,6}$/.test(text) ? Number(text) : null;
}
