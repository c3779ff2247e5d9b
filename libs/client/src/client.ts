/**
 * Control of a cluster from outside its services: the CLI, consoles, scripts. One connection to one policy-engine; dialled at the
 * first call and again after a loss. Every call has a time limit and fails with a QuorateError: the server's code, or
 * QUORATE_TIMEOUT / QUORATE_DISCONNECTED, after which the outcome of a change is unknown.
 */
import { Metadata, credentials, type ChannelCredentials, type ChannelOptions, type ServiceError } from "@grpc/grpc-js";
import type { ClusterEvent, EventSeverity, Issue, NodeName, ResourceId } from "@quorate/core";
import {
  CibServiceClient, EventServiceClient, PolicyServiceClient, cibOperationToProto, cibSectionToProto, cibVersionFromProto,
  clusterStatusFromProto, decisionRecordFromProto, eventSeverityToProto, fenceActionToProto, fenceOutcomeFromProto, fenceRecordFromProto, issueFromProto,
  type CibOperation, type CibSection, type CibVersion, type ClusterStatus, type FenceAction, type FenceOutcome, type FenceRecord, type KeptDecision,
} from "@quorate/wire";
import { followEvents, type EventStream, type FollowOptions } from "./follow-events.ts";
import { quorateErrorOf } from "./rpc-error.ts";

export interface ClientOptions {
  /** "unix:/run/quorate/policy-engine.sock" or "host:port". */
  readonly address: string;
  /** PEM texts for mutual TLS; for TCP addresses only. Without them the connection is plain. */
  readonly tls?: { readonly ca: Buffer; readonly certificate: Buffer; readonly key: Buffer };
  /** Time limits in ms; see DEFAULT_LIMITS_MS. */
  readonly limitsMs?: Partial<CallLimits>;
}

export interface CallLimits {
  /** Calls that only read. */
  readonly read: number;
  /** Changes that are answered once committed. */
  readonly change: number;
  /** Fencing: longer than any device's time-out with its retries. */
  readonly fence: number;
}

export const DEFAULT_LIMITS_MS: CallLimits = { read: 5_000, change: 15_000, fence: 180_000 };

export interface QuorateClient {
  status(): Promise<ClusterStatus>;
  /** Text for people, nearest cause first, and the same as JSON when the server gives it. */
  why(request: { resource: ResourceId; node?: NodeName }): Promise<{ lines: readonly string[]; json: string | null }>;
  cibQuery(section?: CibSection): Promise<{ xml: string; version: CibVersion; dc: NodeName | null; haveQuorum: boolean }>;
  /** `by` names who asks, for the log and the events. */
  cibApply(operation: CibOperation, by: string): Promise<{ version: CibVersion }>;
  cibVerify(xml: string): Promise<readonly Issue[]>;
  /** Waits for the outcome; a failed attempt is an answer. */
  fenceNode(request: { node: NodeName; action: FenceAction; by: string }): Promise<{ outcome: FenceOutcome; detail: string }>;
  confirmFence(request: { node: NodeName; by: string }): Promise<void>;
  /** Newest first. */
  fenceHistory(request?: { node?: NodeName }): Promise<readonly FenceRecord[]>;
  /** Without `node`: everywhere. */
  cleanup(request: { resource: ResourceId; node?: NodeName; by: string }): Promise<void>;
  /** `value` null removes the attribute. */
  setAttribute(request: { node: NodeName; name: string; value: string | null }): Promise<void>;
  raiseAlarm(alarm: Alarm): Promise<void>;
  /** Decisions that the node kept while it was the DC, newest first. Without `limit`: all. */
  listDecisions(request?: { limit?: number }): Promise<{ decisions: readonly KeptDecision[]; node: NodeName; dc: NodeName | null }>;
  /** `document`: zlib of JSON, `{ cib, outline }`; the CIB holds its secrets. */
  getDecision(id: number): Promise<{ decision: KeptDecision; document: Uint8Array }>;
  followEvents(options: FollowOptions): EventStream;
  /** Streams end, calls under way fail with QUORATE_DISCONNECTED. */
  close(): void;
}

/** An event from outside the cluster. */
export interface Alarm {
  readonly type: string;
  readonly severity: EventSeverity;
  readonly node?: NodeName;
  readonly resource?: ResourceId;
  readonly message: string;
  readonly data: ClusterEvent["data"];
}

/** A whole CIB with its history can be large; the rest makes a restarted daemon found again within a fraction of a second. */
const CHANNEL_OPTIONS: ChannelOptions = {
  "grpc.max_receive_message_length": 64 * 1_048_576,
  "grpc.max_send_message_length": 64 * 1_048_576,
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 500,
  "grpc.keepalive_time_ms": 10_000,
  "grpc.keepalive_timeout_ms": 5_000,
  "grpc.enable_http_proxy": 0,
};

export function connectClient(options: ClientOptions): QuorateClient {
  const limits = { ...DEFAULT_LIMITS_MS, ...options.limitsMs };
  const secrets = channelCredentials(options);
  const policy = new PolicyServiceClient(options.address, secrets, CHANNEL_OPTIONS);
  const cib = new CibServiceClient(options.address, secrets, CHANNEL_OPTIONS);
  const events = new EventServiceClient(options.address, secrets, CHANNEL_OPTIONS);
  const streams = new Set<EventStream>();
  return {
    ...policyCalls(policy, limits),
    ...cibCalls(cib, limits),
    followEvents(follow) {
      const stream = followEvents((request) => events.follow(request), follow);
      streams.add(stream);
      void stream.ended.then(() => streams.delete(stream));
      return stream;
    },
    close() {
      for (const stream of streams) stream.close();
      for (const client of [policy, cib, events]) client.close();
    },
  };
}

function channelCredentials({ address, tls }: ClientOptions): ChannelCredentials {
  if (tls === undefined || address.startsWith("unix:")) return credentials.createInsecure();
  return credentials.createSsl(tls.ca, tls.key, tls.certificate);
}

type PolicyCalls = Omit<QuorateClient, "cibQuery" | "cibApply" | "cibVerify" | "followEvents" | "close">;

function policyCalls(client: PolicyServiceClient, limits: CallLimits): PolicyCalls {
  return {
    async status() {
      return clusterStatusFromProto((await call("status", limits.read, client.status.bind(client), {})).status);
    },
    async why({ resource, node = null }) {
      const { lines, json } = await call("why", limits.read, client.why.bind(client), { resource, node });
      return { lines, json: json ?? null };
    },
    async fenceNode({ node, action, by }) {
      const request = { node, action: fenceActionToProto(action), by };
      const { outcome, detail } = await call("fenceNode", limits.fence, client.fenceNode.bind(client), request);
      return { outcome: fenceOutcomeFromProto(outcome), detail };
    },
    async confirmFence({ node, by }) {
      await call("confirmFence", limits.change, client.confirmFence.bind(client), { node, by });
    },
    async fenceHistory({ node = null } = {}) {
      return (await call("fenceHistory", limits.read, client.fenceHistory.bind(client), { node })).records.map(fenceRecordFromProto);
    },
    async cleanup({ resource, node = null, by }) {
      await call("cleanup", limits.change, client.cleanup.bind(client), { resource, node, by });
    },
    async setAttribute({ node, name, value }) {
      await call("setAttribute", limits.change, client.setAttribute.bind(client), { node, name, value });
    },
    async raiseAlarm({ type, severity, node = null, resource = null, message, data }) {
      const request = { type, severity: eventSeverityToProto(severity), node, resource, message, data: new Map(Object.entries(data)) };
      await call("raiseAlarm", limits.change, client.raiseAlarm.bind(client), request);
    },
    async listDecisions({ limit = 0 } = {}) {
      const { decisions, node, dc } = await call("listDecisions", limits.read, client.listDecisions.bind(client), { limit });
      return { decisions: decisions.map(decisionRecordFromProto), node, dc: dc ?? null };
    },
    async getDecision(id) {
      const { decision, document } = await call("getDecision", limits.read, client.getDecision.bind(client), { id });
      return { decision: decisionRecordFromProto(decision), document };
    },
  };
}

function cibCalls(client: CibServiceClient, limits: CallLimits): Pick<QuorateClient, "cibQuery" | "cibApply" | "cibVerify"> {
  return {
    async cibQuery(section = "all") {
      const request = { section: cibSectionToProto(section) };
      const { xml, version, dc, haveQuorum } = await call("cibQuery", limits.read, client.query.bind(client), request);
      return { xml, version: cibVersionFromProto(version), dc: dc ?? null, haveQuorum };
    },
    async cibApply(operation, by) {
      const request = { operation: cibOperationToProto(operation), by };
      return { version: cibVersionFromProto((await call("cibApply", limits.change, client.apply.bind(client), request)).version) };
    },
    async cibVerify(xml) {
      return (await call("cibVerify", limits.read, client.verify.bind(client), { xml })).issues.map(issueFromProto);
    },
  };
}

type UnaryMethod<Req, Res> = (
  request: Req, metadata: Metadata, options: { deadline: number }, callback: (error: ServiceError | null, response: Res) => void,
) => unknown;

function call<Req, Res>(name: string, limitMs: number, method: UnaryMethod<Req, Res>, request: Req): Promise<Res> {
  return new Promise((resolve, reject) => {
    method(request, new Metadata(), { deadline: Date.now() + limitMs }, (error, response) => {
      if (error === null) resolve(response);
      else reject(quorateErrorOf(error, name));
    });
  });
}
