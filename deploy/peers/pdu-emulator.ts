/**
 * An APC switched rack PDU that is not there: answers SNMP v1, v2c and v3 over UDP and switches its outlets by hooks. An `off` is
 * answered when the hook has finished, so that what is reported as off is off.
 *
 * As a program (Node 24): `node deploy/peers/pdu-emulator.ts --listen 127.0.0.1:1161 --outlet 1=node1 --outlet 2=node2
 *   --off-command 'kill -9 $(cat run/$PDU_NAME.pid)' --on-command 'start-node $PDU_NAME' [--community private] [--read-community public]
 *   [--user name[:md5|sha:password[:aes:password]]]`. Commands run by `sh -c` with PDU_OUTLET and PDU_NAME set.
 * Prints one JSON line when it answers and one per switch.
 */
// oxlint-disable-next-line no-restricted-imports -- a program on its own, outside the services and their runtime
import { spawn } from "node:child_process";
import { parseArgs } from "node:util";
import { type PduAgent, type PduUser, serveRackPdu } from "./pdu-mib.ts";
import { type Outlets, type PduOutlet, createOutlets } from "./pdu-outlets.ts";

export type { PduUser } from "./pdu-mib.ts";
export type { PduFault, PduOutlet } from "./pdu-outlets.ts";

export interface PduEmulatorOptions {
  /** Default 127.0.0.1. */
  readonly address?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  readonly outlets: readonly PduOutlet[];
  readonly onSwitch?: (change: { readonly outlet: PduOutlet; readonly powered: boolean }) => Promise<void> | void;
  /** Default `public` to read, `private` to write; null: none. */
  readonly communities?: { readonly read: string | null; readonly write: string | null };
  readonly users?: readonly PduUser[];
}

/** `command` is what somebody at the panel of the PDU does: 1 on, 2 off, 3 reboot. */
export interface PduEmulator extends Pick<Outlets, "state" | "setFault" | "command"> {
  readonly address: string;
  readonly port: number;
  close(): Promise<void>;
}

export async function startPduEmulator(options: PduEmulatorOptions): Promise<PduEmulator> {
  const outlets = createOutlets(options.outlets, options.onSwitch ?? (() => {}));
  const agent: PduAgent = await serveRackPdu({
    address: options.address ?? "127.0.0.1",
    port: options.port ?? 0,
    board: outlets,
    communities: options.communities ?? { read: "public", write: "private" },
    users: options.users ?? [],
  });
  return { address: agent.address, port: agent.port, state: () => outlets.state(), setFault: (...fault) => outlets.setFault(...fault), command: (...order) => outlets.command(...order), close: () => agent.close() };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      listen: { type: "string", default: "127.0.0.1:1161" },
      outlet: { type: "string", multiple: true, default: [] },
      "off-command": { type: "string", default: "" },
      "on-command": { type: "string", default: "" },
      community: { type: "string", default: "private" },
      "read-community": { type: "string", default: "public" },
      user: { type: "string", multiple: true, default: [] },
    },
  });
  const [address = "127.0.0.1", port = "1161"] = values.listen.split(":");
  const pdu = await startPduEmulator({
    address,
    port: Number(port),
    outlets: values.outlet.map(parseOutlet),
    communities: { read: values["read-community"], write: values.community },
    users: values.user.map(parseUser),
    onSwitch: async ({ outlet, powered }) => {
      const startedMs = performance.now();
      await runHook(powered ? values["on-command"] : values["off-command"], outlet);
      process.stdout.write(`${JSON.stringify({ outlet: outlet.number, name: outlet.name, powered, hookMs: Math.round(performance.now() - startedMs) })}\n`);
    },
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void pdu.close().then(() => process.exit(0)));
  process.stdout.write(`${JSON.stringify({ ready: true, address: pdu.address, port: pdu.port, outlets: values.outlet })}\n`);
}

function parseOutlet(text: string): PduOutlet {
  const [number = "", name = ""] = text.split("=");
  if (!/^\d+$/.test(number) || name === "") throw new Error(`--outlet ${text}: expected NUMBER=NAME`);
  return { number: Number(number), name };
}

function parseUser(text: string): PduUser {
  const [name = "", authProtocol, authKey, privProtocol, privKey] = text.split(":");
  const auth = authKey === undefined ? {} : { authProtocol: authProtocol as NonNullable<PduUser["authProtocol"]>, authKey };
  const priv = privKey === undefined ? {} : { privProtocol: privProtocol as NonNullable<PduUser["privProtocol"]>, privKey };
  return { name, ...auth, ...priv };
}

function runHook(command: string, outlet: PduOutlet): Promise<void> {
  if (command === "") return Promise.resolve();
  return new Promise((resolve, reject) => {
    const child = spawn("/bin/sh", ["-c", command], { stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, PDU_OUTLET: String(outlet.number), PDU_NAME: outlet.name } });
    child.on("error", reject);
    child.on("exit", (code) => (code === 0 ? resolve() : reject(new Error(`${command}: exit ${code}`))));
  });
}

if (import.meta.main) await main();
