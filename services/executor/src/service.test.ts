import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ExecutorReply, ExecutorReport, ExecutorRequest, Operation, OperationResult } from "@quorate/execution";
import {
  type Bus, type NatsServerHandle, type RpcStream, connectBus, createRpcClient, findNatsServer, followStream, freePorts, processStartTime, rpcHandler,
  rpcStreamHandler, serveRpc, silentLogger, startNatsServer, unaryCall,
} from "@quorate/runtime";
import {
  ExecutorServiceClient, MembershipServiceService, type SubmitResponseProto, type WatchResponseProto, decodeExecutorReply, decodeExecutorReport, encodeExecutorRequest,
  executorReplyFromProto, executorRequestToProto, membershipReportToProto, operationResultFromProto,
} from "@quorate/wire";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

/** Starts a daemon in a session of its own; `slow_action` takes `slow` seconds. Keeps a log of its calls. */
const AGENT = `#!/bin/sh
alive() { [ -f "$OCF_RESKEY_pidfile" ] && kill -0 "$(cat "$OCF_RESKEY_pidfile")" 2>/dev/null; }
echo "$1" >> "$OCF_RESKEY_pidfile.log"
[ "$1" = "$OCF_RESKEY_slow_action" ] && sleep "$OCF_RESKEY_slow"
case $1 in
  start) alive || { setsid sleep 1000 </dev/null >/dev/null 2>&1 & echo $! > "$OCF_RESKEY_pidfile"; }; exit 0;;
  stop) alive && kill "$(cat "$OCF_RESKEY_pidfile")"; rm -f "$OCF_RESKEY_pidfile"; exit 0;;
  monitor) alive && exit 0; echo "ocf-exit-reason:not running, password $OCF_RESKEY_password" >&2; exit 7;;
esac
exit 3
`;

const AUTHORITY = { term: 1, view: 1 };

let root: string;
let nats: NatsServerHandle;
let bus: Bus;
let natsUrl: string;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "quorate-executor-"));
  const [port] = await freePorts(1);
  const binary = await findNatsServer(join(import.meta.dirname, "../../../.cache"));
  nats = await startNatsServer({ name: "n1", cluster: "t", listen: `127.0.0.1:${port}`, clusterListen: null, routes: [], storeDir: join(root, "js"), jetStream: false, binary, dir: join(root, "nats") });
  natsUrl = `nats://127.0.0.1:${port}`;
  bus = await connectBus({ servers: [natsUrl], name: "test", log: silentLogger });
}, 200_000);

afterAll(async () => {
  await bus.close();
  await nats.stop();
  rmSync(root, { recursive: true, force: true });
});

/** A node: an executor process, and this test in the parts of its membership and of the DC. */
class Node {
  readonly dir: string = mkdtempSync(join(root, "node-"));
  readonly reports: ExecutorReport[] = [];
  progress = 0;
  #closeMembership: (() => Promise<void>) = () => Promise.resolve();
  readonly #watchers = new Set<RpcStream<WatchResponseProto>>();
  #child: ChildProcess | null = null;
  #session = "";
  #sequence = 0;
  #quorum = true;
  #results = 0;
  #subscription = bus.subscribe("quorate.t.policy.dc", (payload) => this.#onReport(decodeExecutorReport(payload)));

  async start(): Promise<void> {
    mkdirSync(join(this.dir, "run"), { recursive: true });
    mkdirSync(join(this.dir, "agents/test"), { recursive: true });
    writeFileSync(join(this.dir, "agents/test/Daemon"), AGENT);
    chmodSync(join(this.dir, "agents/test/Daemon"), 0o755);
    writeFileSync(join(this.dir, "boot_id"), "boot-1\n");
    const { dir } = this;
    const paths = { data: `${dir}/data`, run: `${dir}/run`, bootId: `${dir}/boot_id`, ocfAgents: [`${dir}/agents`] };
    const config = { cluster: "t", node: "n1", nodes: [{ name: "n1", address: "127.0.0.1" }], paths, nats: { servers: [natsUrl] } };
    writeFileSync(join(dir, "quorate.yaml"), JSON.stringify(config));
    const membership = {
      definition: MembershipServiceService,
      implementation: {
        watch: rpcStreamHandler<unknown, WatchResponseProto>((_request, stream) => {
          this.#watchers.add(stream);
          stream.onClose(() => this.#watchers.delete(stream));
          stream.send(this.#view());
        }),
        reportProgress: rpcHandler(() => {
          this.progress += 1;
          return {};
        }),
        seed: rpcHandler(() => ({})),
        leave: rpcHandler(() => ({})),
      },
    };
    const rpc = await serveRpc({ addresses: [`unix:${dir}/run/membership.sock`], services: [membership], log: silentLogger });
    this.#closeMembership = () => rpc.close(0);
    this.launch();
  }

  launch(): void {
    const main = join(import.meta.dirname, "main.ts");
    this.#child = spawn(process.execPath, ["--conditions=@quorate/source", "--disable-warning=ExperimentalWarning", main], {
      env: { PATH: process.env["PATH"], QUORATE_CONFIG: join(this.dir, "quorate.yaml") }, stdio: ["ignore", "pipe", "inherit"],
    });
    this.#child.stdout!.on("data", (chunk: Buffer) => this.log.push(chunk.toString()));
  }

  readonly log: string[] = [];

  async kill(signal: "SIGKILL" | "SIGTERM"): Promise<number | null> {
    const child = this.#child!;
    const exited = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
    child.kill(signal);
    return exited;
  }

  async stop(): Promise<void> {
    await this.kill("SIGKILL");
    this.#subscription.unsubscribe();
    await this.#closeMembership();
  }

  setQuorum(connected: boolean): void {
    this.#quorum = connected;
    for (const watcher of this.#watchers) watcher.send(this.#view());
  }

  /** Sends until there is an answer: a process that starts is not on the bus yet. */
  async send(request: ExecutorRequest): Promise<ExecutorReply> {
    const deadline = performance.now() + 20_000;
    for (;;) {
      try {
        return decodeExecutorReply(await bus.request("quorate.t.executor.n1", encodeExecutorRequest(request), 5_000));
      } catch (error) {
        if (performance.now() > deadline || (error as { code?: string }).code !== "QUORATE_DISCONNECTED") throw error;
        await sleep(50);
      }
    }
  }

  async claim(authority = AUTHORITY): Promise<Extract<ExecutorReply, { kind: "claimed" }>> {
    const reply = await this.send({ kind: "claim", authority, dc: "dc" });
    if (reply.kind !== "claimed") throw new Error(JSON.stringify(reply));
    [this.#session, this.#sequence] = [reply.session, 0];
    return reply;
  }

  execute(task: string, options: Partial<Operation> = {}): Promise<ExecutorReply> {
    this.#sequence += 1;
    return this.send({ kind: "execute", authority: AUTHORITY, session: this.#session, sequence: this.#sequence, budgetMs: 5_000, operation: this.operation(task, options) });
  }

  operation(task: string, options: Partial<Operation> = {}): Operation {
    const parameters = { pidfile: join(this.dir, "pid"), password: "hunter22", ...options.parameters };
    return { transitionKey: `1:${this.#sequence}:0:${this.#session}`, resource: "r", agent: { class: "ocf", provider: "test", type: "Daemon" }, task, intervalMs: 0, timeoutMs: 5_000, targetRc: 0, meta: {}, ...options, parameters };
  }

  /** The next result that was reported and not seen yet; acknowledges it. */
  async result(): Promise<OperationResult> {
    const wanted = (): OperationResult | undefined => this.reports.flatMap(({ results }) => results)[this.#results];
    await until(() => wanted() !== undefined, "a result");
    this.#results += 1;
    return this.reports.flatMap(({ results }) => results)[this.#results - 1]!;
  }

  pid(): number {
    return Number(readFileSync(join(this.dir, "pid"), "utf8"));
  }

  calls(): string[] {
    const path = join(this.dir, "pid.log");
    return existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
  }

  #onReport(report: ExecutorReport): void {
    this.reports.push(report);
    bus.publish("quorate.t.executor.n1", encodeExecutorRequest({ kind: "acknowledge", authority: report.authority, session: report.session, reportSequence: report.sequence }));
  }

  #view(): WatchResponseProto {
    return { report: membershipReportToProto({ node: "n1", bootId: "boot-1", session: "m", sequence: 1, connectedQuorum: this.#quorum, peers: [] }) };
  }
}

async function until(holds: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await sleep(5);
  }
}

describe("an executor process with real agents", { timeout: 60_000 }, () => {
  let node: Node;
  beforeEach(async () => {
    node = new Node();
    await node.start();
  });
  afterEach(async () => {
    await node.stop();
    if (existsSync(join(node.dir, "pid"))) process.kill(node.pid());
  });

  test("starts, watches and stops a resource; tells what the agent said, but no secrets", async () => {
    expect(await node.claim()).toMatchObject({ bootId: "boot-1", history: [], inFlight: [] });
    await node.execute("monitor");
    expect(await node.result()).toMatchObject({ status: "done", rc: 7, exitReason: "not running, password [redacted]" });
    await node.execute("start");
    expect(await node.result()).toMatchObject({ status: "done", rc: 0 });
    await node.execute("monitor", { intervalMs: 50 });
    expect(await node.result()).toMatchObject({ status: "done", rc: 0 });
    await until(() => node.calls().filter((call) => call === "monitor").length >= 4, "repeated monitors");
    process.kill(node.pid(), "SIGKILL");
    expect(await node.result()).toMatchObject({ status: "done", rc: 7, operation: { intervalMs: 50 } });
    await node.execute("stop");
    expect(await node.result()).toMatchObject({ status: "done", rc: 0 });
    const calls = node.calls().length;
    await sleep(150);
    expect(node.calls()).toHaveLength(calls);
    expect(node.progress).toBeGreaterThan(0);
    expect(node.log.join("")).not.toContain("hunter22");
  });

  test("an agent over its time is killed with all that it started", async () => {
    await node.claim();
    await node.execute("stop", { timeoutMs: 150, parameters: { slow_action: "stop", slow: "731" } });
    expect(await node.result()).toMatchObject({ status: "timeout", rc: 1, exitReason: "stop did not end within 150 ms" });
    expect(await node.execute("monitor", { agent: { class: "ocf", provider: "test", type: "Absent" } })).toMatchObject({ kind: "accepted" });
    expect(await node.result()).toMatchObject({ status: "done", rc: 5, exitReason: "agent ocf:test:Absent is not installed" });
  });

  test("kill -9: the resource goes on, is adopted and watched again; what was under way is lost, and its process killed", async () => {
    await node.claim();
    await node.execute("start");
    await node.result();
    await node.execute("monitor", { intervalMs: 100 });
    await node.result();
    await node.execute("start", { resource: "slow", parameters: { pidfile: join(node.dir, "slow"), slow_action: "start", slow: "732" } });
    await until(() => existsSync(join(node.dir, "slow.log")), "the slow agent");
    const { pid } = { pid: node.pid() };
    const born = processStartTime(pid);
    await node.kill("SIGKILL");
    const before = node.calls().length;
    node.launch();
    const claimed = await node.claim();
    expect(claimed.history.map(({ operation, rc }) => [operation.task, operation.intervalMs, rc])).toContainEqual(["start", 0, 0]);
    expect(await node.result()).toMatchObject({ status: "lost", operation: { resource: "slow", task: "start" } });
    await until(() => node.calls().length > before, "the monitor to resume");
    expect(processStartTime(pid)).toBe(born);
    expect(await node.execute("stop")).toMatchObject({ kind: "accepted", sequence: 1 });
    expect(await node.result()).toMatchObject({ status: "done", rc: 0, operation: { task: "stop" } });
  });

  test("SIGTERM ends the process in good order and no resource; another boot id makes all history void", async () => {
    await node.claim();
    await node.execute("start");
    await node.result();
    expect(await node.kill("SIGTERM")).toBe(0);
    expect(processStartTime(node.pid())).not.toBeNull();
    writeFileSync(join(node.dir, "boot_id"), "boot-2\n");
    node.launch();
    expect(await node.claim()).toMatchObject({ bootId: "boot-2", history: [] });
    expect(await node.send({ kind: "claim", authority: { term: 1, view: 0 }, dc: "x" })).toMatchObject({ kind: "refused", reason: "stale-authority" });
  });

  test("without connected quorum the DC is refused, and this node's own policy-engine may stop", async () => {
    await node.claim();
    await node.execute("start");
    await node.result();
    node.setQuorum(false);
    await until(() => node.log.join("").includes('"connectedQuorum":false'), "the loss of quorum");
    expect(await node.execute("monitor")).toMatchObject({ kind: "refused", reason: "no-quorum" });
    expect(await node.send({ kind: "executeLocal", operation: node.operation("stop") })).toMatchObject({ kind: "refused", reason: "invalid" });

    const client = createRpcClient(ExecutorServiceClient, `unix:${node.dir}/run/executor.sock`);
    const seen: OperationResult[] = [];
    let open = false;
    const watch = followStream({ open: () => client.watchResults({}), onMessage: ({ result }) => void seen.push(operationResultFromProto(result!)), onState: () => (open = true), retryMs: 50 });
    await until(() => open, "the stream of results");
    const request = executorRequestToProto({ kind: "executeLocal", operation: node.operation("stop") });
    const response = await unaryCall<object, SubmitResponseProto>(client, "submit", { request }, 2_000);
    expect(executorReplyFromProto(response.reply)).toMatchObject({ kind: "accepted" });
    await until(() => seen.length > 0, "the result of the stop");
    expect(seen[0]).toMatchObject({ status: "done", rc: 0, operation: { task: "stop" } });
    watch.close();
    client.close();
  });
});
