/** The shape, the ranges and the defaults of quorate.yaml. docs of each key: deploy/quorate.yaml. */
import { z } from "zod";
import type { TlsFiles } from "./bus-link.ts";

/** Everything below an object or a list is readonly too. */
export type DeepReadonly<T> = T extends readonly (infer E)[] ? readonly DeepReadonly<E>[] : T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

export interface EmailSinkConfig {
  readonly name: string;
  readonly kind: "email";
  /** Event types with `*` as wildcard, for example `fencing.*`. */
  readonly match: readonly string[];
  readonly smtp: { readonly host: string; readonly port: number; readonly secure: boolean; readonly user: string; readonly passwordFile: string | null };
  readonly from: string;
  readonly to: readonly string[];
}

export interface WebhookSinkConfig {
  readonly name: string;
  readonly kind: "webhook";
  readonly match: readonly string[];
  readonly url: string;
  /** Key of the HMAC-SHA-256 signature header; null sends none. */
  readonly secretFile: string | null;
}

export type SinkConfig = EmailSinkConfig | WebhookSinkConfig;

export interface LinkConfig {
  readonly name: string;
  readonly port: number;
  /** Numeric address of each node on this link; a node that is not on it is left out. */
  readonly addresses: Readonly<Record<string, string>>;
}

export interface QuorateConfig {
  readonly cluster: string;
  /** This node's name. */
  readonly node: string;
  /** All full nodes; every one votes. */
  readonly nodes: readonly { readonly name: string; readonly address: string }[];
  readonly paths: {
    readonly data: string;
    readonly run: string;
    readonly bootId: string;
    readonly keyFile: string;
    readonly ocfRoot: string;
    readonly ocfAgents: readonly string[];
    readonly fenceAgents: readonly string[];
  };
  readonly nats: { readonly servers: readonly string[]; readonly user: string; readonly passwordFile: string | null; readonly tls?: TlsFiles | undefined };
  readonly rpc: { readonly listen: string | null; readonly tls?: TlsFiles | undefined };
  readonly membership: {
    readonly beatIntervalMs: number;
    readonly deadTimeMs: number;
    readonly commandDeadTimeMs: number;
    readonly links: readonly LinkConfig[];
    readonly natsLink: boolean;
  };
  readonly policyEngine: {
    readonly tickMs: number;
    readonly electionTicks: number;
    readonly heartbeatTicks: number;
    readonly claimTimeoutMs: number;
    readonly initialDeadTimeMs: number;
    readonly initialCib: string | null;
  };
  readonly executor: { readonly parallelMax: number; readonly membershipLossMs: number; readonly shutdownDeadlineMs: number };
  readonly fencing: Readonly<Record<string, never>>;
  readonly notifier: { readonly sinks: readonly SinkConfig[]; readonly retryMs: { readonly first: number; readonly max: number }; readonly timeoutMs: number };
  readonly log: { readonly level: LogLevel };
}

export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal";
const LOG_LEVELS: readonly LogLevel[] = ["trace", "debug", "info", "warn", "error", "fatal"];

/** How the text of an environment variable becomes the value of a key. */
export type EnvKind = "integer" | "flag" | "text" | "nullable" | "list";

function leaf<T>(env: EnvKind, expected: string, accepts: (value: unknown) => boolean, shown = true): z.ZodCustom<T, T> {
  return z.custom<T>(accepts, { error: (issue) => describe(expected, issue.input, shown) }).meta({ env });
}

function describe(expected: string, value: unknown, shown: boolean): string {
  if (value === undefined) return `is missing; expected ${expected}`;
  return shown ? `expected ${expected}, got ${JSON.stringify(value).replaceAll(/\/\/[^/@\s"]*@/g, "//[redacted]@")}` : `expected ${expected}`;
}

const isText = (value: unknown, pattern: RegExp): boolean => typeof value === "string" && pattern.test(value);
const integer = (min: number, max: number): z.ZodCustom<number, number> =>
  leaf("integer", `integer ${min}..${max}`, (value) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max);
const flag = (): z.ZodCustom<boolean, boolean> => leaf("flag", "true or false", (value) => typeof value === "boolean");
const text = (expected: string, pattern: RegExp): z.ZodCustom<string, string> => leaf("text", expected, (value) => isText(value, pattern));
const nullable = (expected: string, pattern: RegExp): z.ZodCustom<string | null, string | null> =>
  leaf("nullable", `${expected} or null`, (value) => value === null || isText(value, pattern));
const list = (expected: string, pattern: RegExp, min = 0): z.ZodCustom<string[], string[]> =>
  leaf("list", `list of ${min > 0 ? `at least ${min} ` : ""}${expected}`, (value) =>
    Array.isArray(value) && value.length >= min && value.every((item) => isText(item, pattern)));

const ABSOLUTE = /^\/\S*$/;
const HOST = /^[A-Za-z0-9_.:%-]+$/;
const HOST_PORT = /^(\[[0-9a-fA-F:.]+\]|[^:\s]+):\d{1,5}$/;
const NODE_NAME = /^[a-z0-9][a-z0-9.-]{0,62}$/;
const LABEL = /^[A-Za-z0-9][A-Za-z0-9:._-]{0,62}$/;
const MAIL = /^\S.*@\S+$/;
const path = (): z.ZodCustom<string, string> => text("absolute path", ABSOLUTE);
const pathOrNull = (): z.ZodCustom<string | null, string | null> => nullable("absolute path", ABSOLUTE);
/** Not shown when wrong: people write the secret itself where its file belongs. */
const secretFile = (): z.ZodCustom<string | null, string | null> =>
  leaf("nullable", "absolute path of a file that holds the secret, or null", (value) => value === null || isText(value, ABSOLUTE), false);
const tls = z.strictObject({ caFile: path(), certFile: path(), keyFile: path() }).optional();
const match = list("event patterns", /^[a-z*][a-z.*-]*$/, 1).default(["*"]);

const emailSink = z.strictObject({
  name: text("name", LABEL),
  kind: z.literal("email"),
  match,
  smtp: z.strictObject({
    host: text("host", HOST),
    port: integer(1, 65_535).default(25),
    secure: flag().default(false),
    user: text("user name", /^\S*$/).default(""),
    passwordFile: secretFile().default(null),
  }),
  from: text("mail address", MAIL),
  to: list("mail addresses", MAIL, 1),
});

const webhookSink = z.strictObject({
  name: text("name", LABEL),
  kind: z.literal("webhook"),
  match,
  url: leaf<string>("text", "http or https URL", (value) => isText(value, /^https?:\/\/\S+$/), false),
  secretFile: secretFile().default(null),
});

export const configSchema: z.ZodType<QuorateConfig> = z.strictObject({
  cluster: text("name of letters, digits and '-'", /^[A-Za-z0-9][A-Za-z0-9-]{0,31}$/),
  node: text("node name", NODE_NAME),
  nodes: z.array(z.strictObject({ name: text("node name", NODE_NAME), address: text("address", HOST) })).min(1).max(64),
  paths: z.strictObject({
    data: path().default("/var/lib/quorate"),
    run: path().default("/run/quorate"),
    bootId: path().default("/proc/sys/kernel/random/boot_id"),
    keyFile: path().default("/etc/quorate/keys/cluster.key"),
    ocfRoot: path().default("/usr/lib/ocf"),
    ocfAgents: list("absolute paths", ABSOLUTE, 1).default(["/usr/lib/ocf/resource.d"]),
    fenceAgents: list("absolute paths", ABSOLUTE, 1).default(["/usr/sbin"]),
  }).prefault({}),
  nats: z.strictObject({
    servers: list("NATS URLs", /^(nats|tls):\/\/[^\s@]+:\d{1,5}$/, 1),
    user: text("user name", /^[A-Za-z0-9_-]*$/).default(""),
    passwordFile: secretFile().default(null),
    tls,
  }),
  rpc: z.strictObject({ listen: nullable("host:port", HOST_PORT).default(null), tls }).prefault({}),
  membership: z.strictObject({
    beatIntervalMs: integer(20, 10_000).default(100),
    deadTimeMs: integer(300, 600_000).default(600),
    commandDeadTimeMs: integer(500, 600_000).default(5_000),
    links: z.array(z.strictObject({
      name: text("name", LABEL),
      port: integer(1, 65_535).default(7_694),
      addresses: z.record(text("node name", NODE_NAME), text("address", HOST)),
    })).max(16).default([]),
    natsLink: flag().default(true),
  }).prefault({}),
  policyEngine: z.strictObject({
    tickMs: integer(5, 1_000).default(50),
    electionTicks: integer(3, 1_000).default(20),
    heartbeatTicks: integer(1, 100).default(2),
    claimTimeoutMs: integer(500, 600_000).default(5_000),
    initialDeadTimeMs: integer(0, 3_600_000).default(60_000),
    initialCib: pathOrNull().default(null),
  }).prefault({}),
  executor: z.strictObject({
    parallelMax: integer(1, 1_000).default(16),
    membershipLossMs: integer(500, 600_000).default(5_000),
    shutdownDeadlineMs: integer(1_000, 3_600_000).default(30_000),
  }).prefault({}),
  fencing: z.strictObject({}).prefault({}),
  notifier: z.strictObject({
    sinks: z.array(z.discriminatedUnion("kind", [emailSink, webhookSink])).max(64).default([]),
    retryMs: z.strictObject({ first: integer(10, 600_000).default(500), max: integer(10, 3_600_000).default(30_000) }).prefault({}),
    timeoutMs: integer(100, 600_000).default(10_000),
  }).prefault({}),
  log: z.strictObject({
    level: leaf<LogLevel>("text", `one of ${LOG_LEVELS.join(", ")}`, (value) => LOG_LEVELS.some((level) => level === value)).default("info"),
  }).prefault({}),
});

/** Recipient of the copy of all events on JetStream. */
const JETSTREAM_SINK = "jetstream";

/** What one key alone cannot show. Problems in the order of the file's sections. */
export function crossFieldProblems(config: QuorateConfig): { readonly path: readonly (string | number)[]; readonly message: string }[] {
  const problems: { path: (string | number)[]; message: string }[] = [];
  const demand = (holds: boolean, at: (string | number)[], message: string): void => {
    if (!holds) problems.push({ path: at, message });
  };
  const known = new Set(config.nodes.map((node) => node.name));
  const repeated = (values: readonly string[], section: (string | number)[], key: string): void => {
    for (const [index, value] of values.entries()) demand(values.indexOf(value) === index, [...section, index, key], `"${value}" is there twice`);
  };
  demand(known.has(config.node), ["node"], `"${config.node}" is not among nodes`);
  repeated(config.nodes.map((node) => node.name), ["nodes"], "name");
  repeated(config.nodes.map((node) => node.address), ["nodes"], "address");
  const { membership, policyEngine, notifier } = config;
  demand(membership.deadTimeMs >= 3 * membership.beatIntervalMs, ["membership", "deadTimeMs"],
    `must be at least 3 * beatIntervalMs (${3 * membership.beatIntervalMs}), got ${membership.deadTimeMs}`);
  demand(membership.commandDeadTimeMs >= membership.deadTimeMs, ["membership", "commandDeadTimeMs"],
    `must be at least deadTimeMs (${membership.deadTimeMs}), got ${membership.commandDeadTimeMs}`);
  demand(membership.natsLink || membership.links.length > 0, ["membership"], "needs at least one link, or natsLink: true");
  repeated(membership.links.map((link) => link.name), ["membership", "links"], "name");
  for (const [index, link] of membership.links.entries()) {
    for (const name of Object.keys(link.addresses)) {
      demand(known.has(name), ["membership", "links", index, "addresses", name], `"${name}" is not among nodes`);
    }
  }
  demand(policyEngine.electionTicks > 2 * policyEngine.heartbeatTicks, ["policyEngine", "electionTicks"],
    `must be more than 2 * heartbeatTicks (${2 * policyEngine.heartbeatTicks}), got ${policyEngine.electionTicks}`);
  repeated(notifier.sinks.map((sink) => sink.name), ["notifier", "sinks"], "name");
  for (const [index, sink] of notifier.sinks.entries()) demand(sink.name !== JETSTREAM_SINK, ["notifier", "sinks", index, "name"], `"${JETSTREAM_SINK}" is the notifier's own`);
  demand(notifier.retryMs.max >= notifier.retryMs.first, ["notifier", "retryMs", "max"],
    `must be at least first (${notifier.retryMs.first}), got ${notifier.retryMs.max}`);
  demand(config.nats.passwordFile === null || config.nats.user !== "", ["nats", "passwordFile"], "needs nats.user");
  return problems;
}
