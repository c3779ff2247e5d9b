import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Bus, connectBus } from "./bus.ts";
import { freePorts } from "./free-ports.ts";
import { type Logger, silentLogger } from "./logger.ts";
import { type NatsRole, type NatsServerOptions, natsServerConfig } from "./nats-config.ts";
import { type NatsServerHandle, findNatsServer, startNatsServer } from "./nats-server.ts";

const dir = mkdtempSync(join(tmpdir(), "quorate-nats-"));
const ROLES: readonly NatsRole[] = ["membership", "policy-engine", "executor", "fencing-gateway", "notifier", "node", "observer"];
const users = ROLES.map((role) => ({ name: role, password: `pw "of" ${role}`, role }));
let binary = "";
let port = 0;
let server: NatsServerHandle;
const open: Bus[] = [];
const empty = new Uint8Array();

const options = (more: Partial<NatsServerOptions> = {}): NatsServerOptions => ({
  name: "node1", cluster: "t", listen: "127.0.0.1:4222", clusterListen: "127.0.0.1:6222", routes: ["127.0.0.1:6222", "127.0.0.1:6223"], storeDir: join(dir, "js"), ...more,
});

beforeAll(async () => {
  binary = await findNatsServer(join(dir, "cache"));
  [port = 0] = await freePorts(1);
  server = await startNatsServer({ ...options({ listen: `127.0.0.1:${port}`, clusterListen: null, users }), binary, dir: join(dir, "run") });
}, 30_000);
afterEach(async () => {
  for (const bus of open.splice(0)) await bus.close();
});
afterAll(async () => {
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
});

test("nats-server accepts the text with every block, and our own route is left out", () => {
  const routeUser = { user: "route", password: "p@ss/w:ord" };
  const text = natsServerConfig(options({ users, routeUser }));
  expect([text.includes("6222\"\n  authorization"), text.includes("p%40ss%2Fw%3Aord@127.0.0.1:6223"), text.includes("@127.0.0.1:6222")]).toEqual([true, true, false]);
  const file = join(dir, "check.conf");
  writeFileSync(file, text);
  expect(() => execFileSync(binary, ["-t", "-c", file], { stdio: "pipe" })).not.toThrow();
});

test("the file with the passwords is for its owner alone", () => {
  expect(statSync(join(dir, "run", "nats-server.conf")).mode & 0o777).toBe(0o600);
});

async function login(role: NatsRole, password = `pw "of" ${role}`, log: Logger = silentLogger): Promise<Bus> {
  const bus = await connectBus({ servers: [server.url], name: role, user: role, password, log });
  open.push(bus);
  return bus;
}

async function connected(role: NatsRole): Promise<Bus> {
  const bus = await login(role);
  await new Promise<void>((resolve) => bus.onStatus((status) => status.connected && resolve()));
  return bus;
}

/** True when what `from` publishes on the subject reaches `to`. A second message that is allowed to both bounds the wait. */
async function reaches(from: Bus, to: Bus, subject: string): Promise<boolean> {
  let heard = false;
  const subscription = to.subscribe(subject, () => void (heard = true));
  await to.flush();
  from.publish(subject, empty);
  await from.flush();
  await to.flush();
  subscription.unsubscribe();
  return heard;
}

test.each<{ from: NatsRole; to: NatsRole; subject: string; want: boolean }>([
  { from: "membership", to: "membership", subject: "quorate.t.beat", want: true },
  { from: "policy-engine", to: "membership", subject: "quorate.t.beat", want: true },
  { from: "executor", to: "membership", subject: "quorate.t.beat", want: false },
  { from: "policy-engine", to: "policy-engine", subject: "quorate.t.raft.node2", want: true },
  { from: "notifier", to: "policy-engine", subject: "quorate.t.raft.node2", want: false },
  { from: "policy-engine", to: "executor", subject: "quorate.t.executor.node.with.dots", want: true },
  { from: "executor", to: "policy-engine", subject: "quorate.t.policy.node1", want: true },
  { from: "executor", to: "fencing-gateway", subject: "quorate.t.fencing.node1", want: false },
  { from: "notifier", to: "observer", subject: "quorate.t.events.node.lost", want: true },
  { from: "policy-engine", to: "observer", subject: "quorate.t.events.node.lost", want: false },
  { from: "policy-engine", to: "observer", subject: "quorate.t.executor.node1", want: false },
  { from: "observer", to: "executor", subject: "quorate.t.executor.node1", want: false },
  { from: "policy-engine", to: "executor", subject: "quorate.other.executor.node1", want: false },
  { from: "node", to: "node", subject: "quorate.t.fencing.node1", want: true },
])("$from to $to on $subject: $want", async ({ from, to, subject, want }) => {
  expect(await reaches(await connected(from), await connected(to), subject)).toBe(want);
});

test("requests work within the permissions, and one user cannot hear another's replies", async () => {
  const [engine, executor, notifier] = [await connected("policy-engine"), await connected("executor"), await connected("notifier")];
  executor.subscribe("quorate.t.executor.node1", (payload, { reply }) => reply?.(payload));
  let overheard = 0;
  notifier.subscribe("_INBOX.>", () => void (overheard += 1));
  await executor.flush();
  expect(Buffer.from(await engine.request("quorate.t.executor.node1", Buffer.from("run"), 1_000)).toString()).toBe("run");
  await notifier.flush();
  expect(overheard).toBe(0);
});

test("a wrong password never connects, keeps trying, and the log says why without the password", async () => {
  const warnings: string[] = [];
  const log: Logger = { ...silentLogger, warn: (fields, message) => void warnings.push(JSON.stringify([fields, message])), info: () => {}, error: () => {}, debug: () => {} };
  const bus = await login("executor", "wrong-geheim", log);
  await expect.poll(() => warnings.length).toBe(1);
  expect([bus.connected(), /authorization violation/i.test(warnings.join()), warnings.join().includes("geheim")]).toEqual([false, true, false]);
});

test("a server that cannot start, even where another one answers, is reported with the end of its log", async () => {
  const taken = options({ listen: `127.0.0.1:${port}`, clusterListen: null, jetStream: false });
  await expect(startNatsServer({ ...taken, binary, dir: join(dir, "bad") })).rejects.toMatchObject({
    code: "QUORATE_SPAWN_FAILED", message: expect.stringContaining("address already in use"),
  });
});

test("an old or broken nats-server is passed over, a good one taken; what cannot be obtained is said in words", async () => {
  const place = (name: string, script: string): string => {
    const made = join(dir, name);
    mkdirSync(made);
    writeFileSync(join(made, "nats-server"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return made;
  };
  const [old, broken, good] = [place("old", "echo nats-server: v2.8.4"), place("broken", "exit 1"), place("good", "echo nats-server: v3.0.0")];
  expect(await findNatsServer(join(dir, "nowhere"), [dir, old, broken, good])).toBe(join(good, "nats-server"));
  const path = process.env["PATH"];
  process.env["PATH"] = old; // no apt-get there
  try {
    await expect(findNatsServer(join(dir, "nowhere"), [old, broken])).rejects.toMatchObject({
      code: "QUORATE_NOT_FOUND", message: expect.stringMatching(/^nats-server 2\.9 or later is not on PATH .*apt-get ENOENT.*apt install/),
    });
  } finally {
    process.env["PATH"] = path;
  }
  expect(existsSync(join(dir, "nowhere", "nats-server"))).toBe(false);
});
