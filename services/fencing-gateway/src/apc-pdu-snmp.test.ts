/** Against a PDU that really speaks SNMP over UDP. */
import type { DeviceResult, FenceAction } from "@quorate/fencing";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type PduEmulator, startPduEmulator } from "../../../deploy/peers/pdu-emulator.ts";
import { createApcPduSnmp } from "./apc-pdu-snmp.ts";

const switched: string[] = [];
let pdu: PduEmulator;
const adapter = createApcPduSnmp({ secretScript: (script) => (script === "/secret" ? Promise.resolve("apcapcapc") : Promise.reject(new Error("password script: exit 1"))) });

beforeAll(async () => {
  pdu = await startPduEmulator({
    outlets: [{ number: 1, name: "node1" }, { number: 2, name: "node2" }, { number: 3, name: "node2b" }],
    onSwitch: ({ outlet, powered }) => void switched.push(`${outlet.name} ${powered ? "on" : "off"}`),
    users: [{ name: "apc", authProtocol: "md5", authKey: "apcapcapc" }, { name: "sec", authProtocol: "sha256", authKey: "authauthauth", privProtocol: "aes", privKey: "privprivpriv" }, { name: "open" }],
  });
});
afterAll(() => pdu.close());
beforeEach(async () => {
  pdu.setFault("all", "none");
  await run("on", { plug: "1,2,3" });
  switched.length = 0;
});

function run(action: FenceAction, given: { plug?: string | null; timeoutMs?: number; parameters?: Record<string, string> } = {}): Promise<DeviceResult> {
  const parameters = { ip: pdu.address, udpport: String(pdu.port), community: "private", ...given.parameters };
  return adapter.run({ device: { id: "pdu", agent: "apc-pdu-snmp", parameters }, action, actionName: action, target: "node2", plug: given.plug === undefined ? "2" : given.plug, timeoutMs: given.timeoutMs ?? 2_000 });
}

const IMPATIENT = { snmp_timeout: "60ms", snmp_retries: "1" };
const V3 = { snmp_version: "3", username: "apc", password: "apcapcapc" };

test.each([
  { name: "SNMPv1", parameters: { snmp_version: "1" } },
  { name: "SNMPv2c", parameters: { snmp_version: "2c" } },
  { name: "SNMPv3 without authentication", parameters: { snmp_version: "3", username: "open", snmp_sec_level: "noAuthNoPriv" } },
  { name: "SNMPv3 MD5, authNoPriv, as the PDUs of 2007 had it", parameters: V3 },
  { name: "SNMPv3 SHA-256 and AES, authPriv", parameters: { snmp_version: "3", username: "sec", password: "authauthauth", snmp_auth_prot: "SHA256", snmp_priv_passwd: "privprivpriv" } },
  { name: "password from a script", parameters: { snmp_version: "3", username: "apc", passwd_script: "/secret" } },
])("$name: status, off, status, on", async ({ parameters }) => {
  const given = { parameters: parameters as Record<string, string> };
  expect(await run("status", given)).toMatchObject({ kind: "done", powered: true });
  expect(await run("off", given)).toMatchObject({ kind: "done", detail: "accepted" });
  expect(pdu.state()).toEqual({ 1: true, 2: false, 3: true });
  expect(await run("status", given)).toMatchObject({ kind: "done", powered: false });
  expect(await run("on", given)).toMatchObject({ kind: "done" });
  expect(switched).toEqual(["node2 off", "node2 on"]);
});

test("a node with two supplies has power while one of them has", async () => {
  await run("off", { plug: "2" });
  expect(await run("status", { plug: "2,3" })).toMatchObject({ powered: true });
  await run("off", { plug: "2,3" });
  expect(await run("status", { plug: "2,3" })).toMatchObject({ powered: false });
});

test("list and monitor", async () => {
  expect(await run("list", { plug: null })).toMatchObject({ kind: "done", targets: ["1", "2", "3"] });
  expect(await run("list", { plug: null, parameters: { snmp_version: "2c" } })).toMatchObject({ kind: "done", targets: ["1", "2", "3"] });
  expect(await run("monitor", { plug: null, parameters: V3 })).toMatchObject({ kind: "done" });
});

test.each([
  { name: "refused by the device: failed", fault: "refuse", action: "off", parameters: {}, want: { kind: "failed", detail: "refused: GeneralError" } },
  { name: "no answer: unknown", fault: "hang", action: "off", parameters: IMPATIENT, want: { kind: "unknown", detail: "no answer to 2 packets in 120 ms" } },
  { name: "no answer to the status: unknown", fault: "hang", action: "status", parameters: IMPATIENT, want: { kind: "unknown" } },
  { name: "outlet is stuck: taken, and the status says on", fault: "stuck", action: "off", parameters: {}, want: { kind: "done" } },
  { name: "community that may only read: failed", fault: "none", action: "off", parameters: { snmp_version: "2c", community: "public" }, want: { kind: "failed", detail: "refused: NoAccess" } },
  { name: "community that is not known: nobody answers", fault: "none", action: "off", parameters: { community: "wrongwrong", ...IMPATIENT }, want: { kind: "unknown" } },
  { name: "unknown SNMPv3 user", fault: "none", action: "off", parameters: { ...V3, username: "nobody", ...IMPATIENT }, want: { kind: "unverified" } },
  { name: "wrong SNMPv3 password", fault: "none", action: "off", parameters: { ...V3, password: "wrongwrong", ...IMPATIENT }, want: { kind: "unknown" } },
  { name: "nobody at the address", fault: "none", action: "off", parameters: { udpport: "9", ...IMPATIENT }, want: { kind: "unknown" } },
  { name: "password script that fails", fault: "none", action: "off", parameters: { ...V3, passwd_script: "/none" }, want: { kind: "failed", detail: "password script: exit 1" } },
  { name: "parameters that cannot be", fault: "none", action: "off", parameters: { snmp_version: "9" }, want: { kind: "failed", detail: "snmp_version is none of 1, 2c, 3" } },
] as const)("$name", async ({ fault, action, parameters, want }) => {
  pdu.setFault(2, fault);
  const result = await run(action, { parameters });
  expect(result).toMatchObject(want);
  expect(result.detail).not.toMatch(/wrongwrong|apcapcapc|private/);
  expect(switched).toEqual([]);
  expect(pdu.state()[2]).toBe(true);
});

test.each([
  { plug: "9", want: { kind: "unknown" } },
  { plug: "two", want: { kind: "failed", detail: "the plug is no outlet number" } },
  { plug: "0", want: { kind: "failed" } },
])("plug $plug is not switched", async ({ plug, want }) => {
  const result = await run("status", { plug });
  if (plug === "9") expect(result.kind).not.toBe("done");
  else expect(result).toMatchObject(want);
});

test("an outlet that lies says off", async () => {
  pdu.setFault(2, "lie");
  await run("off");
  expect(await run("status")).toMatchObject({ powered: false });
  expect(pdu.state()[2]).toBe(true);
});

test("a slow device is asked again by packet and switched once", async () => {
  pdu.setFault(2, "none", 150);
  expect(await run("off", { parameters: { snmp_timeout: "60ms", snmp_retries: "5" } })).toMatchObject({ kind: "done" });
  expect(switched).toEqual(["node2 off"]);
});

test("the time of the run bounds everything", async () => {
  pdu.setFault(2, "hang");
  const startedMs = performance.now();
  expect(await run("off", { timeoutMs: 120 })).toMatchObject({ kind: "unknown", detail: "no answer within 120 ms" });
  expect(performance.now() - startedMs).toBeLessThan(400);
});

test("closing gives up what is under way", async () => {
  pdu.setFault(2, "hang");
  const own = createApcPduSnmp({ secretScript: () => Promise.resolve("") });
  const running = own.run({ device: { id: "pdu", agent: "apc-pdu-snmp", parameters: { ip: pdu.address, udpport: String(pdu.port) } }, action: "off", actionName: "off", target: "node2", plug: "2", timeoutMs: 5_000 });
  await new Promise((resolve) => setImmediate(resolve));
  own.close();
  expect(await running).toMatchObject({ kind: "unknown" });
});
