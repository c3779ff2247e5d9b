/** Against an agent of our own that keeps the FenceAgentAPI and the power of its plugs in files. */
import { existsSync } from "node:fs";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DeviceResult, FenceAction } from "@quorate/fencing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startPduEmulator } from "../../../deploy/peers/pdu-emulator.ts";
import { createFenceAgents } from "./fence-agent.ts";

const AGENT = `#!/bin/sh
# Test fence agent: key=value on stdin; plug state in $state/<plug>.
while IFS='=' read -r key value; do case "$key" in action|port|outlet|state|nodename|behave|passwd) eval "$key=\\$value";; esac; done
port="\${port:-$outlet}"
echo "$action $port $nodename" >> "$state/calls"
case "$behave" in
  hang) sleep 60;;
  fail) echo "Unable to connect with $passwd" >&2; exit 1;;
  crash) kill -9 $$;;
  usage) echo "fence_test: cannot open file" >&2; exit 2;;
esac
case "$action" in
  off|on) echo "$action" > "$state/$port";;
  status) [ "$(cat "$state/$port" 2>/dev/null)" = off ] && { [ "$behave" = silent ] || echo "Status: OFF"; exit 2; }; echo "Status: ON";;
  list) printf '1,node1\\n2,node2\\n';;
  monitor) ;;
  *) exit 1;;
esac
`;

let directory: string;
let adapter: ReturnType<typeof createFenceAgents>;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "quorate-fence-agent-"));
  await writeFile(join(directory, "fence_test"), AGENT);
  await chmod(join(directory, "fence_test"), 0o755);
  await writeFile(join(directory, "fence_broken"), "#!/nonexistent/interpreter\n");
  await chmod(join(directory, "fence_broken"), 0o755);
  adapter = createFenceAgents({ directories: ["/nonexistent", directory] });
});
afterAll(() => rm(directory, { recursive: true }));

function run(action: FenceAction, given: { agent?: string; parameters?: Record<string, string>; plug?: string; timeoutMs?: number; actionName?: string } = {}): Promise<DeviceResult> {
  const parameters = { state: directory, passwd: "topsecret", pcmk_host_map: "node2:2", ...given.parameters };
  return adapter.run({ device: { id: "d", agent: given.agent ?? "fence_test", parameters }, action, actionName: given.actionName ?? action, target: "node2", plug: given.plug ?? "2", timeoutMs: given.timeoutMs ?? 5_000 });
}

test("off, status, on, status, list and monitor; parameters, plug and node name arrive", async () => {
  expect(await run("off")).toMatchObject({ kind: "done", powered: null });
  expect(await run("status")).toMatchObject({ kind: "done", powered: false });
  expect(await run("on")).toMatchObject({ kind: "done" });
  expect(await run("status")).toMatchObject({ kind: "done", powered: true });
  expect(await run("list")).toMatchObject({ kind: "done", targets: ["1", "2"] });
  expect(await run("monitor")).toMatchObject({ kind: "done" });
  expect((await readFile(join(directory, "calls"), "utf8")).split("\n").slice(0, 2)).toEqual(["off 2 node2", "status 2 node2"]);
});

test.each([
  { name: "exit 1 is not verified; what it printed is passed on without the password", behave: "fail", want: { kind: "unverified", detail: "exit 1: Unable to connect with ***" } },
  { name: "killed by a signal: unknown", behave: "crash", want: { kind: "unknown" } },
  { name: "over its time: unknown", behave: "hang", timeoutMs: 150, want: { kind: "unknown", detail: "fence_test killed after 150 ms" } },
])("off: $name", async ({ behave, want, timeoutMs }) => {
  expect(await run("off", { parameters: { behave }, ...(timeoutMs === undefined ? {} : { timeoutMs }) })).toMatchObject(want);
});

test("status: exit 2 of an agent that says nothing is off; of one that says something else it is no answer", async () => {
  await run("off");
  expect(await run("status", { parameters: { behave: "silent" } })).toMatchObject({ kind: "done", powered: false });
  expect(await run("status", { parameters: { behave: "usage" } })).toMatchObject({ kind: "unverified" });
  expect(await run("status", { parameters: { behave: "fail" } })).toMatchObject({ kind: "unverified" });
});

test.each([
  { name: "no such agent", given: { agent: "fence_none" }, detail: /no fence agent fence_none/ },
  { name: "a path is no agent name", given: { agent: "fence_../../bin/sh" }, detail: /no fence agent/ },
  { name: "an agent that cannot be started", given: { agent: "fence_broken" }, detail: /could not be started/ },
  { name: "a value that would add a parameter", given: { parameters: { state: "x\naction=on" } }, detail: /line break/ },
])("$name: failed", async ({ given, detail }) => {
  const result = await run("off", given as { agent?: string; parameters?: Record<string, string> });
  expect(result.kind).toBe("failed");
  expect(result.detail).toMatch(detail);
});

test("pcmk_host_argument names the parameter of the plug", async () => {
  expect(await run("off", { parameters: { pcmk_host_argument: "outlet" }, plug: "7" })).toMatchObject({ kind: "done" });
  expect((await readFile(join(directory, "calls"), "utf8")).trimEnd().split("\n").at(-1)).toBe("off 7 node2");
});

test.runIf(existsSync("/usr/sbin/fence_apc_snmp"))("Debian's fence_apc_snmp, unmodified, against a PDU that speaks SNMPv3", async () => {
  const pdu = await startPduEmulator({ outlets: [{ number: 2, name: "node2" }], users: [{ name: "apc", authProtocol: "md5", authKey: "apcapcapc" }] });
  const agents = createFenceAgents({ directories: ["/usr/sbin"] });
  const parameters = { ip: pdu.address, ipport: String(pdu.port), snmp_version: "3", username: "apc", password: "apcapcapc", snmp_auth_prot: "MD5", snmp_sec_level: "authNoPriv", power_wait: "0" };
  const ask = (action: FenceAction): Promise<DeviceResult> => agents.run({ device: { id: "d", agent: "fence_apc_snmp", parameters }, action, actionName: action, target: "node2", plug: "2", timeoutMs: 15_000 });
  expect(await ask("status")).toMatchObject({ kind: "done", powered: true });
  expect(await ask("off")).toMatchObject({ kind: "done" });
  expect(await ask("status")).toMatchObject({ kind: "done", powered: false });
  expect(pdu.state()[2]).toBe(false);
  await pdu.close();
}, 30_000);
