import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { QuorateError } from "@quorate/core";
import { afterAll, expect, test } from "vitest";
import { configSchema } from "./config-schema.ts";
import { envKeys } from "./config-source.ts";
import { configHash, loadConfig, parseConfig } from "./config.ts";

const MINIMAL = `cluster: pvfs2-ha
node: node1
nodes:
  - { name: node1, address: 10.77.0.1 }
  - { name: node2, address: 10.77.0.2 }
nats:
  servers: [ "nats://127.0.0.1:4222", "nats://10.77.0.2:4222" ]
`;
const parse = (text: string, env: Record<string, string> = {}) => parseConfig({ file: "quorate.yaml", text, env });

function problems(text: string, env: Record<string, string> = {}): string[] {
  try {
    parse(text, env);
  } catch (error) {
    if (error instanceof QuorateError && error.code === "QUORATE_CONFIG_INVALID") return error.message.split("\n");
    throw error;
  }
  return [];
}

test("a minimal file gets every default", () => {
  expect(parse(MINIMAL)).toEqual({
    cluster: "pvfs2-ha",
    node: "node1",
    nodes: [{ name: "node1", address: "10.77.0.1" }, { name: "node2", address: "10.77.0.2" }],
    paths: {
      data: "/var/lib/quorate", run: "/run/quorate", bootId: "/proc/sys/kernel/random/boot_id", keyFile: "/etc/quorate/keys/cluster.key",
      ocfRoot: "/usr/lib/ocf", ocfAgents: ["/usr/lib/ocf/resource.d"], fenceAgents: ["/usr/sbin"],
    },
    nats: { servers: ["nats://127.0.0.1:4222", "nats://10.77.0.2:4222"], user: "", passwordFile: null },
    rpc: { listen: null },
    membership: { beatIntervalMs: 100, deadTimeMs: 600, commandDeadTimeMs: 5_000, links: [], natsLink: true },
    policyEngine: { tickMs: 50, electionTicks: 20, heartbeatTicks: 2, claimTimeoutMs: 5_000, initialDeadTimeMs: 60_000, initialCib: null },
    executor: { parallelMax: 16, membershipLossMs: 5_000, shutdownDeadlineMs: 30_000 },
    fencing: {},
    notifier: { sinks: [], retryMs: { first: 500, max: 30_000 }, timeoutMs: 10_000 },
    log: { level: "info" },
  });
});

test("every section can be written out, and the result cannot be changed", () => {
  const config = parse(`${MINIMAL}
membership:
  links: [ { name: "udp:lan", port: 694, addresses: { node1: 10.77.0.1, node2: "fd00::2" } } ]
rpc: { listen: "10.77.0.1:7421", tls: { caFile: /etc/ca.pem, certFile: /etc/c.pem, keyFile: /etc/k.pem } }
notifier:
  sinks:
    - { name: ops, kind: email, match: [ "node.*", "fencing.*" ], smtp: { host: localhost, port: 2525 }, from: ha@example.org, to: [ ops@example.org ] }
    - { name: hook, kind: webhook, url: "https://example.org/hook", secretFile: /etc/quorate/keys/hook }
`);
  expect(config.membership.links[0]).toEqual({ name: "udp:lan", port: 694, addresses: { node1: "10.77.0.1", node2: "fd00::2" } });
  expect(config.notifier.sinks).toMatchObject([
    { kind: "email", smtp: { host: "localhost", port: 2525, secure: false, user: "", passwordFile: null } },
    { kind: "webhook", match: ["*"], secretFile: "/etc/quorate/keys/hook" },
  ]);
  const addresses: Record<string, string> = config.membership.links[0]?.addresses ?? {};
  expect(() => void (addresses["node1"] = "x")).toThrow(TypeError);
});

test.each([
  { name: "wrong type", text: `${MINIMAL}membership:\n  deadTimeMs: x\n`, want: ['quorate.yaml:9: membership.deadTimeMs: expected integer 300..600000, got "x"'] },
  { name: "out of range", text: `${MINIMAL}membership:\n  deadTimeMs: 200\n`, want: ["quorate.yaml:9: membership.deadTimeMs: expected integer 300..600000, got 200"] },
  { name: "unknown key at the top", text: `${MINIMAL}qourum: 2\n`, want: ["quorate.yaml:8: qourum: unknown key"] },
  { name: "unknown key in a list", text: MINIMAL.replace("10.77.0.2 }", "10.77.0.2, weight: 2 }"), want: ["quorate.yaml:5: nodes[1].weight: unknown key"] },
  { name: "an unknown key does not show its value", text: `${MINIMAL.trimEnd()}\n  password: geheim\n`, want: ["quorate.yaml:8: nats.password: unknown key"] },
  { name: "missing key", text: MINIMAL.replace("cluster: pvfs2-ha\n", ""), want: ["quorate.yaml: cluster: is missing; expected name of letters, digits and '-'"] },
  { name: "missing section", text: MINIMAL.slice(0, MINIMAL.indexOf("nats:")), want: ["quorate.yaml: nats: is missing; expected object"] },
  { name: "empty file", text: "# nothing\n", want: [/cluster: is missing/, /node: is missing/, /nodes: is missing/, /nats: is missing/] },
  { name: "a list as file", text: "- a\n", want: [/expected object/] },
  { name: "broken YAML", text: "cluster: a\nnode: [\n", want: [/^quorate\.yaml:3: /] },
  { name: "the same key twice", text: `${MINIMAL}cluster: b\n`, want: [/^quorate\.yaml:8: .*unique/i] },
  { name: "two documents", text: `${MINIMAL}---\ncluster: b\n`, want: [/^quorate\.yaml:8: .*document/i] },
  { name: "a node that is not among nodes", text: MINIMAL.replace("node: node1", "node: node9"), want: ['quorate.yaml:2: node: "node9" is not among nodes'] },
  { name: "a node twice", text: MINIMAL.replace("name: node2", "name: node1"), want: ['quorate.yaml:5: nodes[1].name: "node1" is there twice'] },
  { name: "an address twice", text: MINIMAL.replace("10.77.0.2 }", "10.77.0.1 }"), want: ['quorate.yaml:5: nodes[1].address: "10.77.0.1" is there twice'] },
  { name: "dead time under three beats", text: `${MINIMAL}membership:\n  beatIntervalMs: 250\n`, want: ["quorate.yaml:8: membership.deadTimeMs: must be at least 3 * beatIntervalMs (750), got 600"] },
  { name: "dead time equal to three beats is accepted", text: `${MINIMAL}membership:\n  beatIntervalMs: 200\n`, want: [] },
  { name: "command dead time under dead time", text: `${MINIMAL}membership:\n  deadTimeMs: 6000\n`, want: [/commandDeadTimeMs: must be at least deadTimeMs \(6000\), got 5000/] },
  { name: "election not more than two heartbeats", text: `${MINIMAL}policyEngine: { electionTicks: 4 }\n`, want: ["quorate.yaml:8: policyEngine.electionTicks: must be more than 2 * heartbeatTicks (4), got 4"] },
  { name: "a link that names a stranger", text: `${MINIMAL}membership:\n  links:\n    - name: lan\n      addresses:\n        node1: 10.0.0.1\n        node7: 10.0.0.7\n`, want: ['quorate.yaml:13: membership.links[0].addresses.node7: "node7" is not among nodes'] },
  { name: "no link at all", text: `${MINIMAL}membership: { natsLink: false }\n`, want: [/membership: needs at least one link/] },
  { name: "two sinks of one name", text: `${MINIMAL}notifier:\n  sinks:\n    - { name: a, kind: webhook, url: "http://x/" }\n    - { name: a, kind: webhook, url: "http://y/" }\n`, want: ['quorate.yaml:11: notifier.sinks[1].name: "a" is there twice'] },
  { name: "a sink with the name of the notifier's own", text: `${MINIMAL}notifier:\n  sinks:\n    - { name: jetstream, kind: webhook, url: "http://x/" }\n`, want: [/notifier\.sinks\[0\]\.name: "jetstream" is the notifier's own/] },
  { name: "a sink of no known kind", text: `${MINIMAL}notifier:\n  sinks:\n    - { name: a, kind: pager }\n`, want: [/^quorate\.yaml:10: notifier\.sinks\[0\]\.kind: .*email.*webhook/] },
  { name: "retry that shrinks", text: `${MINIMAL}notifier: { retryMs: { first: 900, max: 800 } }\n`, want: [/notifier\.retryMs\.max: must be at least first \(900\), got 800/] },
  { name: "a password without a user", text: `${MINIMAL.trimEnd()}\n  passwordFile: /etc/pw\n`, want: ["quorate.yaml:8: nats.passwordFile: needs nats.user"] },
  { name: "a login inside a NATS URL", text: MINIMAL.replace("nats://127.0.0.1", "nats://u:pw@127.0.0.1"), want: [/nats\.servers: expected list/] },
  { name: "several problems at once, in the order of the schema", text: `cluster: "a b"\nnode: Node1\nnodes: []\nnats: { servers: [] }\nrpc: { listen: 7421 }\n`, want: [/:1: cluster/, /:2: node:/, /:3: nodes/, /:4: nats\.servers/, /:5: rpc\.listen/] },
])("$name", ({ text, want }) => {
  const found = problems(text);
  expect(found).toHaveLength(want.length);
  for (const [index, expected] of want.entries()) expect(found[index]).toEqual(typeof expected === "string" ? expected : expect.stringMatching(expected));
});

test.each([
  { name: "a login in a URL", text: MINIMAL.replace("nats://127.0.0.1:4222", "nats://u:geheim@127.0.0.1:4222") },
  { name: "a password in place of its file", text: `${MINIMAL.trimEnd()}\n  user: u\n  passwordFile: geheim\n` },
  { name: "a webhook's secret in place of its file", text: `${MINIMAL}notifier: { sinks: [ { name: a, kind: webhook, url: "http://x", secretFile: geheim } ] }\n` },
  { name: "a token in a wrong webhook URL", text: `${MINIMAL}notifier: { sinks: [ { name: a, kind: webhook, url: "hooks/geheim" } ] }\n` },
])("$name is refused without being shown", ({ text }) => {
  const found = problems(text);
  expect(found).toHaveLength(1);
  expect(found[0]).not.toContain("geheim");
});

test.each([
  { name: "a number", env: { QUORATE_MEMBERSHIP_DEAD_TIME_MS: "900" }, path: ["membership", "deadTimeMs"], want: 900 },
  { name: "a flag", env: { QUORATE_MEMBERSHIP_NATS_LINK: "true" }, path: ["membership", "natsLink"], want: true },
  { name: "a text", env: { QUORATE_NODE: "node2" }, path: ["node"], want: "node2" },
  { name: "a text of digits stays a text", env: { QUORATE_CLUSTER: "42" }, path: ["cluster"], want: "42" },
  { name: "null", env: { QUORATE_RPC_LISTEN: "" }, path: ["rpc", "listen"], want: null },
  { name: "a list", env: { QUORATE_NATS_SERVERS: "nats://a:1, nats://b:2" }, path: ["nats", "servers"], want: ["nats://a:1", "nats://b:2"] },
  { name: "a key two levels down", env: { QUORATE_NOTIFIER_RETRY_MS_FIRST: "20" }, path: ["notifier", "retryMs", "first"], want: 20 },
  { name: "a level", env: { QUORATE_LOG_LEVEL: "debug" }, path: ["log", "level"], want: "debug" },
])("a variable overrides $name", ({ env, path, want }) => {
  let value: unknown = parse(MINIMAL, { ...env, PATH: "/bin", QUORATE_CONFIG: "elsewhere" });
  for (const key of path) value = (value as Record<string, unknown>)[key];
  expect(value).toEqual(want);
});

test.each([
  { name: "misspelt", env: { QUORATE_NODE_NAME: "x" }, want: ["QUORATE_NODE_NAME: no configuration key has this name"] },
  { name: "for a section", env: { QUORATE_NOTIFIER_SINKS: "x" }, want: ["QUORATE_NOTIFIER_SINKS: no configuration key has this name"] },
  { name: "out of range", env: { QUORATE_POLICY_ENGINE_TICK_MS: "0" }, want: ["QUORATE_POLICY_ENGINE_TICK_MS: policyEngine.tickMs: expected integer 5..1000, got 0"] },
  { name: "that is no number", env: { QUORATE_POLICY_ENGINE_TICK_MS: "50ms" }, want: ['QUORATE_POLICY_ENGINE_TICK_MS: policyEngine.tickMs: expected integer 5..1000, got "50ms"'] },
  { name: "against another key", env: { QUORATE_NODE: "node9" }, want: ['QUORATE_NODE: node: "node9" is not among nodes'] },
])("a variable $name is an error", ({ env, want }) => expect(problems(MINIMAL, env)).toEqual(want));

test("every key of one value or a list of texts has a variable of its own", () => {
  const paths = [...envKeys(configSchema).values()].map((key) => key.path.join("."));
  expect(new Set(paths).size).toBe(paths.length);
  const walk = (value: unknown, path: string): string[] =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.entries(value).flatMap(([key, child]) => walk(child, path === "" ? key : `${path}.${key}`))
      : [path];
  const structured = new Set(["nodes", "membership.links", "notifier.sinks"]);
  expect(walk(parse(MINIMAL), "").filter((path) => !structured.has(path) && !paths.includes(path))).toEqual([]);
});

const dir = mkdtempSync(join(tmpdir(), "quorate-config-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test("the file is the argument, or QUORATE_CONFIG; one that cannot be read is named", () => {
  const file = join(dir, "a.yaml");
  writeFileSync(file, MINIMAL);
  expect(loadConfig({ file, env: { QUORATE_CONFIG: "/nonexistent" } }).node).toBe("node1");
  expect(loadConfig({ file: null, env: { QUORATE_CONFIG: file } }).node).toBe("node1");
  expect(() => loadConfig({ file: join(dir, "no.yaml"), env: {} })).toThrow(/no\.yaml: cannot be read \(ENOENT\)/);
});

test("the founding hash rests on the cluster's name and its nodes, in any order, and on nothing else", () => {
  const base = configHash(parse(MINIMAL));
  expect(base).toMatch(/^[0-9a-f]{64}$/);
  const swapped = MINIMAL.replace("  - { name: node1, address: 10.77.0.1 }\n", "").replace("nats:", "  - { name: node1, address: 10.77.0.1 }\nnats:");
  expect(configHash(parse(swapped))).toBe(base);
  expect(configHash(parse(MINIMAL, { QUORATE_NODE: "node2", QUORATE_LOG_LEVEL: "trace" }))).toBe(base);
  for (const [from, to] of [["pvfs2-ha", "other"], ["10.77.0.2 }", "10.77.0.3 }"], ["node2", "node3"]] as const) {
    expect(configHash(parse(MINIMAL.replace(from, to)))).not.toBe(base);
  }
});
