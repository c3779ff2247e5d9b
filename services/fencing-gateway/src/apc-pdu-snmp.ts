// oxlint-disable-next-line typescript/triple-slash-reference -- types of an untyped library, for whoever compiles this file from source
/// <reference path="./net-snmp.d.ts" />
/**
 * APC switched rack PDUs by SNMP: outlets are written through rPDUOutletControl and read through rPDUOutletStatus. A plug `2,3` is
 * a node with two supplies: it has power while any of them has. Each run has its own session, so that a PDU that restarted, and
 * with it its SNMPv3 engine, is met afresh. The only importer of net-snmp. Source: APC PowerNet-MIB.
 */
import type { DeviceResult, DeviceRun } from "@quorate/fencing";
import snmp, { type Session, type User, type Varbind } from "net-snmp";
import type { DeviceAdapter, SecretScript } from "./device-adapter.ts";
import { type SnmpCredentials, type SnmpTarget, readSnmpTarget } from "./snmp-parameters.ts";

const CONTROL_COMMAND = "1.3.6.1.4.1.318.1.1.12.3.3.1.1.4";
const STATUS_STATE = "1.3.6.1.4.1.318.1.1.12.3.5.1.1.4";
const STATUS_INDEX = "1.3.6.1.4.1.318.1.1.12.3.5.1.1.1";
const SYS_OBJECT_ID = "1.3.6.1.2.1.1.2.0";
/** Values of the control column (commands) and of both columns when read. */
const ON = 1;
const OFF = 2;
const OUTLETS_MAX = 8;

export function createApcPduSnmp(options: { readonly secretScript: SecretScript }): DeviceAdapter {
  const under = new Set<() => void>();
  return {
    async run(run) {
      const parameters = await withSecrets(run.device.parameters, options.secretScript).catch((error: unknown) => reason(error));
      if (typeof parameters === "string") return { kind: "failed", detail: parameters };
      const target = readSnmpTarget(parameters);
      if (!target.ok) return { kind: "failed", detail: target.error };
      const outlets = run.plug === null ? [] : readOutlets(run.plug);
      if (outlets === null) return { kind: "failed", detail: "the plug is no outlet number" };
      return bounded(target.value, run, outlets, under);
    },
    close: () => {
      for (const stop of under) stop();
    },
  };
}

/** Runs within the time of the run, whatever the device and the library do. */
function bounded(target: SnmpTarget, run: DeviceRun, outlets: readonly number[], under: Set<() => void>): Promise<DeviceResult> {
  const session = openSession(target, run.timeoutMs);
  session.on("error", () => {}); // a packet that cannot be read: the answer may still come
  return new Promise((resolve) => {
    const end = (result: DeviceResult): void => {
      clearTimeout(timer);
      if (under.delete(stop)) session.close();
      resolve(result);
    };
    const stop = (): void => end({ kind: "unknown", detail: "given up: the gateway stops" });
    const timer = setTimeout(() => end({ kind: "unknown", detail: `no answer within ${run.timeoutMs} ms` }), run.timeoutMs);
    under.add(stop);
    perform(session, run, outlets).then(end, (error: unknown) => end(classify(error, target)));
  });
}

async function perform(session: Session, run: DeviceRun, outlets: readonly number[]): Promise<DeviceResult> {
  switch (run.actionName) {
    case "on":
    case "off":
      for (const outlet of outlets) await set(session, `${CONTROL_COMMAND}.${outlet}`, run.actionName === "on" ? ON : OFF);
      return { kind: "done", powered: null, targets: [], detail: "accepted" };
    case "status":
      return readPower(session, outlets);
    case "list": {
      const found = await walk(session, STATUS_INDEX);
      return { kind: "done", powered: null, targets: found, detail: `${found.length} outlets` };
    }
    case "monitor":
      await get(session, [SYS_OBJECT_ID]);
      return { kind: "done", powered: null, targets: [], detail: "answers" };
    default:
      return { kind: "failed", detail: `action ${run.actionName} is none of on, off, status, list, monitor` };
  }
}

async function readPower(session: Session, outlets: readonly number[]): Promise<DeviceResult> {
  const values: unknown[] = [];
  for (const outlet of outlets) values.push(await readOutlet(session, outlet));
  const powered = values.includes(ON) ? true : values.every((value) => value === OFF) ? false : null;
  return { kind: "done", powered, targets: [], detail: powered === null ? `says ${values.map(String).join(", ")}` : powered ? "on" : "off" };
}

/** Older firmware has no status table; there the control column says the state. */
async function readOutlet(session: Session, outlet: number): Promise<unknown> {
  try {
    return await get(session, [`${STATUS_STATE}.${outlet}`]);
  } catch (error) {
    if (!(error instanceof snmp.RequestFailedError) && !(error instanceof NoSuchOutlet)) throw error;
    return get(session, [`${CONTROL_COMMAND}.${outlet}`]);
  }
}

/** The device answered that it has no such object. */
class NoSuchOutlet extends Error {
  override readonly name = "NoSuchOutlet";
}

function get(session: Session, oids: readonly string[]): Promise<unknown> {
  return new Promise((resolve, reject) => session.get(oids, (error, varbinds) => settle(error, varbinds, resolve, reject)));
}

function set(session: Session, oid: string, value: number): Promise<unknown> {
  return new Promise((resolve, reject) => session.set([{ oid, type: snmp.ObjectType.Integer, value }], (error, varbinds) => settle(error, varbinds, resolve, reject)));
}

function settle(error: Error | null, varbinds: readonly Varbind[] | undefined, resolve: (value: unknown) => void, reject: (error: Error) => void): void {
  const [varbind] = varbinds ?? [];
  if (error !== null) return reject(error);
  if (varbind === undefined || snmp.isVarbindError(varbind)) return reject(new NoSuchOutlet("no such outlet"));
  resolve(varbind.value);
}

function walk(session: Session, oid: string): Promise<readonly string[]> {
  const found: string[] = [];
  return new Promise((resolve, reject) => {
    session.subtree(
      oid,
      (varbinds) => void found.push(...varbinds.filter((one) => !snmp.isVarbindError(one)).map((one) => String(one.value))),
      (error) => (error === null || error === undefined ? resolve(found) : reject(error)),
    );
  });
}

/** Texts of net-snmp's errors can hold a community or a digest, so none of them is passed on. */
function classify(error: unknown, target: SnmpTarget): DeviceResult {
  if (error instanceof snmp.RequestTimedOutError) {
    return { kind: "unknown", detail: `no answer to ${target.retries + 1} packets in ${target.packetTimeoutMs * (target.retries + 1)} ms` };
  }
  if (error instanceof snmp.RequestFailedError) return { kind: "failed", detail: `refused: ${snmp.ErrorStatus[error.status] ?? "error"}` };
  if (error instanceof NoSuchOutlet) return { kind: "failed", detail: error.message };
  if (error instanceof snmp.ResponseInvalidError) return { kind: "unverified", detail: `answer not accepted: ${snmp.ResponseInvalidCode[error.code] ?? "invalid"}` };
  const code = error instanceof Error && "code" in error ? String(error.code) : "error";
  return { kind: "unverified", detail: `cannot be reached: ${code}` };
}

function openSession(target: SnmpTarget, runTimeoutMs: number): Session {
  const { credentials, host, port, retries } = target;
  const common = { port, retries, timeout: Math.min(target.packetTimeoutMs, runTimeoutMs), transport: host.includes(":") ? "udp6" : "udp4", reportOidMismatchErrors: true } as const;
  if (credentials.version === 3) return snmp.createV3Session(host, userOf(credentials), { ...common, version: snmp.Version3 });
  return snmp.createSession(host, credentials.community, { ...common, version: credentials.version === 1 ? snmp.Version1 : snmp.Version2c });
}

function userOf({ user, auth, priv }: Extract<SnmpCredentials, { version: 3 }>): User {
  const { noAuthNoPriv, authNoPriv, authPriv } = snmp.SecurityLevel;
  if (auth === null) return { name: user, level: noAuthNoPriv };
  const authenticated = { name: user, authProtocol: snmp.AuthProtocols[auth.protocol], authKey: auth.key };
  if (priv === null) return { ...authenticated, level: authNoPriv };
  return { ...authenticated, level: authPriv, privProtocol: snmp.PrivProtocols[priv.protocol], privKey: priv.key };
}

function readOutlets(plug: string): readonly number[] | null {
  const parts = plug.split(",").map((part) => part.trim());
  return parts.length <= OUTLETS_MAX && parts.every((part) => /^[1-9]\d{0,2}$/.test(part)) ? parts.map(Number) : null;
}

/** Secrets that scripts print take the place of the ones given. */
async function withSecrets(parameters: Readonly<Record<string, string>>, read: SecretScript): Promise<Readonly<Record<string, string>>> {
  const filled: Record<string, string> = { ...parameters };
  for (const [script, name] of [["passwd_script", "password"], ["password_script", "password"], ["snmp_priv_passwd_script", "snmp_priv_passwd"]] as const) {
    const path = parameters[script];
    if (path !== undefined && path !== "") filled[name] = await read(path);
  }
  return filled;
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : "a secret could not be read";
}
