/** Configuration text of a nats-server: one per node, routes in a full mesh, JetStream on, one user per service (ARCHITECTURE D2). */
import type { TlsFiles } from "./bus-link.ts";

export type NatsRole = "membership" | "policy-engine" | "executor" | "fencing-gateway" | "notifier" | "node" | "observer";

export interface NatsUser {
  readonly name: string;
  readonly password: string;
  /** "node" may do what all services together may; "observer" is for outsiders: it only reads events. */
  readonly role: NatsRole;
}

export interface NatsServerOptions {
  /** Unique name of this server. */
  readonly name: string;
  /** The Quorate cluster; it names the NATS cluster and the subjects. */
  readonly cluster: string;
  /** "host:port" for clients. */
  readonly listen: string;
  /** "host:port" for routes; null runs a single server. */
  readonly clusterListen: string | null;
  /** "host:port" of every server's clusterListen; our own may be among them. */
  readonly routes: readonly string[];
  readonly storeDir: string;
  /** Without users everybody may do everything (loopback only). */
  readonly users?: readonly NatsUser[];
  /** Shared by the servers of the mesh. */
  readonly routeUser?: { readonly user: string; readonly password: string };
  readonly tls?: TlsFiles;
  /** Default true. */
  readonly jetStream?: boolean;
}

interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
  /** May answer requests. */
  readonly answers: boolean;
}

/** Subjects of each role, below `quorate.<cluster>.` unless they begin with `$`. */
const PERMISSIONS: Readonly<Record<Exclude<NatsRole, "node">, Permissions>> = {
  membership: { publish: ["beat", "view"], subscribe: ["beat", "view"], answers: false },
  "policy-engine": {
    publish: ["raft.>", "beat", "view", "executor.>", "fencing.>"],
    subscribe: ["raft.>", "view", "policy.>"],
    answers: true,
  },
  executor: { publish: ["policy.>"], subscribe: ["executor.>", "view"], answers: true },
  "fencing-gateway": { publish: [], subscribe: ["fencing.>", "view"], answers: true },
  notifier: { publish: ["events.>", "$JS.API.>"], subscribe: [], answers: false },
  observer: { publish: [], subscribe: ["events.>"], answers: false },
};

/** The text of the file. Holds passwords: write it with mode 0600. */
export function natsServerConfig(options: NatsServerOptions): string {
  const lines = [
    `server_name: ${quote(options.name)}`,
    `listen: ${quote(options.listen)}`,
    // Notices a dead route in seconds when it is idle. Servers before 2.9.16 hold the ping off while they send on the route.
    `ping_interval: "1s"`,
    `ping_max: 2`,
    `write_deadline: "2s"`,
    `max_payload: 1MB`,
    `max_pending: 64MB`,
    ...tlsBlock(options.tls),
    ...clusterBlock(options),
    ...usersBlock(options),
  ];
  if (options.jetStream !== false) lines.push(`jetstream {`, `  store_dir: ${quote(options.storeDir)}`, `  max_memory_store: 64MB`, `  max_file_store: 1GB`, `}`);
  return `${lines.join("\n")}\n`;
}

function clusterBlock(options: NatsServerOptions): string[] {
  if (options.clusterListen === null) return [];
  const { routeUser } = options;
  const login = routeUser === undefined ? "" : `${encodeURIComponent(routeUser.user)}:${encodeURIComponent(routeUser.password)}@`;
  const routes = options.routes.filter((route) => route !== options.clusterListen).map((route) => `    ${quote(`nats-route://${login}${route}`)}`);
  return [
    `cluster {`,
    `  name: ${quote(options.cluster)}`,
    `  listen: ${quote(options.clusterListen)}`,
    ...(routeUser === undefined ? [] : [`  authorization { user: ${quote(routeUser.user)}, password: ${quote(routeUser.password)}, timeout: 2 }`]),
    ...tlsBlock(options.tls).map((line) => `  ${line}`),
    `  connect_retries: 1000000`,
    `  routes: [`,
    ...routes,
    `  ]`,
    `}`,
  ];
}

function tlsBlock(tls: TlsFiles | undefined): string[] {
  if (tls === undefined) return [];
  return [`tls { ca_file: ${quote(tls.caFile)}, cert_file: ${quote(tls.certFile)}, key_file: ${quote(tls.keyFile)}, verify: true, timeout: 2 }`];
}

function usersBlock(options: NatsServerOptions): string[] {
  if (options.users === undefined) return [];
  return [`authorization {`, `  timeout: 2`, `  users: [`, ...options.users.map((user) => `    ${userEntry(options.cluster, user)}`), `  ]`, `}`];
}

function userEntry(cluster: string, user: NatsUser): string {
  const { publish, subscribe, answers } = permissionsOf(user.role);
  const subjects = (names: readonly string[]): string => names.map((name) => quote(name.startsWith("$") ? name : `quorate.${cluster}.${name}`)).join(", ");
  const inbox = quote(`_INBOX.${user.name}.>`);
  const allowPublish = user.role === "observer" ? `publish: { deny: ">" }` : `publish: { allow: [${[subjects(publish), inbox].filter(Boolean).join(", ")}] }`;
  const responses = answers ? `, allow_responses: { max: 1, expires: "5m" }` : "";
  const allowSubscribe = `subscribe: { allow: [${[subjects(subscribe), inbox].filter(Boolean).join(", ")}] }`;
  return `{ user: ${quote(user.name)}, password: ${quote(user.password)}, permissions: { ${allowPublish}, ${allowSubscribe}${responses} } }`;
}

function permissionsOf(role: NatsRole): Permissions {
  if (role !== "node") return PERMISSIONS[role];
  const all = Object.entries(PERMISSIONS).filter(([name]) => name !== "observer").map(([, permissions]) => permissions);
  const union = (pick: (permissions: Permissions) => readonly string[]): string[] => [...new Set(all.flatMap(pick))];
  return { publish: union((p) => p.publish), subscribe: union((p) => p.subscribe), answers: true };
}

function quote(text: string): string {
  return JSON.stringify(text);
}
