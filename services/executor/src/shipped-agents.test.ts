import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Operation, RunOutcome } from "@quorate/execution";
import { parseMetaData } from "@quorate/ocf";
import { freePorts } from "@quorate/runtime";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createOcfRunner } from "./ocf-agent.ts";

const OCF = join(import.meta.dirname, "../../../deploy/ocf");
const STANDIN = join(OCF, "standin");

let dir: string;
beforeAll(() => void (dir = mkdtempSync(join(tmpdir(), "quorate-agents-"))));
afterAll(() => {
  for (const pid of ours()) process.kill(pid, "SIGKILL");
  rmSync(dir, { recursive: true, force: true });
});

/** Processes that were started below our directory: those that carry it in their environment. */
function ours(node = ""): number[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, "latin1");
      return pid !== process.pid && environment.includes(`HA_RSCTMP=${dir}`) && environment.includes(`OCF_RESKEY_CRM_meta_on_node=${node}`);
    } catch {
      return false;
    }
  });
}

/** What the executor of `node` does with an agent of ours. */
class Agent {
  readonly #type: string;
  readonly #parameters: Record<string, string>;

  constructor(type: string, parameters: Record<string, string>) {
    this.#type = type;
    this.#parameters = parameters;
  }

  async run(task: string, { node = "node1", parameters = {}, timeoutMs = 10_000 }: { node?: string; parameters?: Record<string, string>; timeoutMs?: number } = {}): Promise<RunOutcome> {
    const state = join(dir, node);
    mkdirSync(state, { recursive: true });
    const runner = createOcfRunner({ directories: [OCF], host: { node, ocfRoot: "/usr/lib/ocf", stateDirectory: state } });
    const operation: Operation = {
      transitionKey: "k", resource: "r", agent: { class: "ocf", provider: "quorate", type: this.#type }, task, intervalMs: 0, timeoutMs, targetRc: 0,
      parameters: { ...this.#parameters, ...parameters }, meta: {},
    };
    return (await runner({ kind: "spawn", callId: 1, session: "s", authority: { term: 1, view: 1 }, operation, active: false }).ended).outcome;
  }

  async rc(task: string, options: Parameters<Agent["run"]>[1] = {}): Promise<number | string> {
    const { status, rc } = await this.run(task, options);
    return status === "done" ? rc : status;
  }
}

describe("PVFS2", { timeout: 60_000 }, () => {
  let agent: Agent;
  let port: number;
  let home: string;

  async function newServer(): Promise<void> {
    home = mkdtempSync(join(dir, "pvfs2-"));
    [port] = (await freePorts(1, "127.0.0.1")) as [number];
    writeFileSync(join(home, "fs.conf"), `<Aliases>\n Alias other tcp://127.0.0.1:1\n Alias server1 tcp://127.0.0.1:${port}\n</Aliases>\n<ServerOptions>\n Server other\n StorageSpace /nowhere\n</ServerOptions>\n<ServerOptions>\n Server server1\n DataStorageSpace ${home}/space/one\n</ServerOptions>\n<Filesystem>\n Name pvfs2-fs\n</Filesystem>\n`);
    agent = new Agent("PVFS2", {
      fsconfig: join(home, "fs.conf"), alias: "server1", ip: "127.0.0.1", port: String(port), pidfile: join(home, "pid"), check_timeout: "1",
      daemon: join(STANDIN, "pvfs2-standin-server"), checkutil: join(STANDIN, "pvfs2-standin-check"),
    });
  }
  const pid = (): number => Number(readFileSync(join(home, "pid"), "utf8"));
  const alive = (process_: number): boolean => existsSync(`/proc/${process_}/cmdline`) && readFileSync(`/proc/${process_}/cmdline`, "utf8") !== "";

  test("creates the storage space when it is missing, serves, and stops; every action can be repeated", async () => {
    await newServer();
    expect(await agent.rc("monitor")).toBe(7);
    expect(await agent.rc("stop")).toBe(0);
    expect(await agent.rc("start")).toBe(0);
    expect(existsSync(join(home, "space/one/storage-space"))).toBe(true);
    const first = pid();
    expect([await agent.rc("start"), await agent.rc("monitor"), await agent.rc("status")]).toEqual([0, 0, 0]);
    expect(pid()).toBe(first);
    expect([await agent.rc("stop"), await agent.rc("stop"), await agent.rc("monitor")]).toEqual([0, 0, 7]);
    expect(alive(first)).toBe(false);
    expect(existsSync(join(home, "pid"))).toBe(false);
    expect(await agent.rc("start")).toBe(0);
    await agent.rc("stop");
  });

  test("a server that hangs is a failure within the check's time, by whatever it hangs, and can be stopped", async () => {
    await newServer();
    await agent.rc("start");
    for (const signal of ["SIGUSR1", "SIGSTOP"] as const) {
      process.kill(pid(), signal);
      const begun = performance.now();
      expect(await agent.run("monitor")).toMatchObject({ status: "done", rc: 1, exitReason: `server ${pid()} does not answer on 127.0.0.1:${port} within 1 s` });
      expect(performance.now() - begun).toBeLessThan(8_000); // without a limit of its own it would be 10 s, the time of the operation
      process.kill(pid(), signal === "SIGUSR1" ? "SIGUSR2" : "SIGCONT");
      expect(await agent.rc("monitor")).toBe(0);
    }
    writeFileSync(join(home, "space/one/hang"), "");
    expect(await agent.rc("monitor")).toBe(1);
    process.kill(pid(), "SIGSTOP");
    const stopped = pid();
    expect(await agent.rc("stop", { timeoutMs: 3_000 })).toBe(0);
    expect(alive(stopped)).toBe(false);
  });

  test("a dead server is not running, and neither is a zombie, or another process that has its number", async () => {
    await newServer();
    await agent.rc("start");
    process.kill(pid(), "SIGKILL");
    await sleep(50);
    expect(await agent.rc("monitor")).toBe(7);
    writeFileSync(join(home, "pid"), String(process.pid));
    expect(await agent.rc("monitor")).toBe(7);
    expect(await agent.rc("stop")).toBe(0);
    expect(await agent.rc("start")).toBe(0);
    await agent.rc("stop");
  });

  test("a lost pid file does not hide a server that runs", async () => {
    await newServer();
    await agent.rc("start");
    const running = pid();
    rmSync(join(home, "pid"));
    expect(await agent.rc("monitor")).toBe(0);
    expect(await agent.rc("stop")).toBe(0);
    expect(alive(running)).toBe(false);
  });

  test("a launch that fails is a failed start, at once", async () => {
    await newServer();
    const begun = performance.now();
    expect(await agent.run("start", { parameters: { daemon: "/bin/false" } })).toMatchObject({ status: "done", rc: 1, exitReason: "the server could not be launched, or ended at once" });
    expect(performance.now() - begun).toBeLessThan(8_000); // not the time of the operation
    expect(await agent.run("start", { parameters: { fsname: "another" }, timeoutMs: 1_600 })).toMatchObject({ rc: 1, exitReason: `the server does not answer on 127.0.0.1:${port}` });
    await agent.rc("stop");
  });

  test.each([
    { name: "no file system configuration", parameters: { fsconfig: "" }, rc: 6 },
    { name: "no address", parameters: { ip: "" }, rc: 6 },
    { name: "a relative pid file", parameters: { pidfile: "pid" }, rc: 6 },
    { name: "port 0", parameters: { port: "0" }, rc: 6 },
    { name: "port 65536", parameters: { port: "65536" }, rc: 6 },
    { name: "a port with a sign", parameters: { port: "-5" }, rc: 6 },
    { name: "a configuration that is not on this node", parameters: { fsconfig: "/nowhere/fs.conf" }, rc: 2 },
    { name: "a server configuration that is not on this node", parameters: { serverconfig: "/nowhere/s.conf" }, rc: 2 },
    { name: "a server that is not installed", parameters: { daemon: "/nowhere/pvfs2-server" }, rc: 5 },
    { name: "a check utility that is not installed", parameters: { checkutil: "no-such-program" }, rc: 5 },
  ])("validate-all and start refuse $name with $rc", async ({ parameters, rc }) => {
    await newServer();
    expect([await agent.rc("validate-all", { parameters }), await agent.rc("start", { parameters })]).toEqual([rc, rc]);
  });

  test("takes the two files of old releases", async () => {
    await newServer();
    writeFileSync(join(home, "old.conf"), "<Filesystem>\n Name pvfs2-fs\n</Filesystem>\n");
    writeFileSync(join(home, "server.conf"), `StorageSpace ${home}/old\nHostID "tcp://127.0.0.1:${port}"\n`);
    const parameters = { alias: "", fsconfig: join(home, "old.conf"), serverconfig: join(home, "server.conf") };
    expect([await agent.rc("start", { parameters }), await agent.rc("monitor", { parameters }), await agent.rc("stop", { parameters })]).toEqual([0, 0, 0]);
  });
});

/** As a power switch does: everything that runs for the node is gone at once. */
/** The kernel takes its time to end a process that was killed; a machine without power has none left. */
async function switchOff(node: string): Promise<void> {
  const pids = ours(node);
  for (const pid of pids) process.kill(pid, "SIGKILL");
  await vi.waitUntil(() => pids.every((pid) => !existsSync(`/proc/${pid}`)), { timeout: 5_000, interval: 5 });
}

describe.each(["DemoAddress", "DemoFilesystem"])("%s", { timeout: 30_000 }, (type) => {
  function make(): Agent {
    const home = mkdtempSync(join(dir, "demo-"));
    mkdirSync(join(home, "disk"));
    return new Agent(type, { ip: "127.0.0.203", statedir: home, device: join(home, "disk"), directory: join(home, "mnt/a"), fstype: "demo" });
  }

  test("starts, is seen, and stops; every action can be repeated", async () => {
    const agent = make();
    const tasks = ["validate-all", "stop", "monitor", "start", "start", "monitor", "stop", "stop", "monitor"];
    const codes = [];
    for (const task of tasks) codes.push(await agent.rc(task));
    expect(codes).toEqual([0, 0, 7, 0, 0, 0, 0, 0, 7]);
  });

  test("a second owner is refused, loudly, until the first stops or is switched off", async () => {
    const agent = make();
    expect(await agent.rc("start", { node: "node2" })).toBe(0);
    const refused = await agent.run("start", { node: "node5" });
    expect(refused).toMatchObject({ status: "done", rc: 1 });
    expect(refused.exitReason).toContain("node2/r holds it");
    expect([await agent.rc("monitor", { node: "node5" }), await agent.rc("stop", { node: "node5" }), await agent.rc("monitor", { node: "node2" })]).toEqual([7, 0, 0]);
    await switchOff("node2");
    expect([await agent.rc("start", { node: "node5" }), await agent.rc("monitor", { node: "node5" }), await agent.rc("monitor", { node: "node2" })]).toEqual([0, 0, 7]);
    expect(await agent.rc("stop", { node: "node5" })).toBe(0);
  });

  test("wrong parameters are refused", async () => {
    expect(await make().rc("validate-all", { parameters: { ip: "10.0.0.1", device: "disk" } })).toBe(6);
    expect(await make().rc("start", { parameters: { statedir: "/nowhere", device: "/nowhere/disk" } })).toBe(2);
  });
});

test("DemoFilesystem: shows the disk's files at the mount point, and a lost link is a failure", async () => {
  const home = mkdtempSync(join(dir, "fs-"));
  mkdirSync(join(home, "disk"));
  writeFileSync(join(home, "disk/file"), "content");
  const agent = new Agent("DemoFilesystem", { device: join(home, "disk"), directory: join(home, "mnt") });
  symlinkSync("/nowhere", join(home, "mnt")); // left by a node that was switched off
  expect(await agent.rc("start")).toBe(0);
  expect(readFileSync(join(home, "mnt/file"), "utf8")).toBe("content");
  rmSync(join(home, "mnt"));
  expect(await agent.rc("monitor")).toBe(1);
  expect(await agent.rc("stop")).toBe(0);
  mkdirSync(join(home, "mnt/occupied"), { recursive: true });
  expect(await agent.rc("start")).toBe(2);
  expect(await agent.rc("monitor")).toBe(7);
});

describe.each(["PVFS2", "DemoAddress", "DemoFilesystem"])("meta-data of %s", (type) => {
  test("can be read, and names the mandatory actions with their times", () => {
    const metaData = parseMetaData(execFileSync(join(OCF, "quorate", type), ["meta-data"], { encoding: "utf8" }));
    expect(metaData.ok && metaData.value.name).toBe(type);
    const actions = metaData.ok ? metaData.value.actions : [];
    for (const name of ["start", "stop", "monitor", "meta-data"]) expect(actions.find((action) => action.name === name)?.timeoutMs).toBeGreaterThan(0);
  });

  test.runIf(existsSync("/usr/sbin/ocf-tester") && process.getuid?.() === 0)("passes ocf-tester", { timeout: 30_000 }, async () => {
    const home = mkdtempSync("/tmp/quorate-ocf-tester-");
    const [port] = await freePorts(1);
    mkdirSync(join(home, "disk"));
    writeFileSync(join(home, "fs.conf"), `Alias s tcp://127.0.0.1:${port}\nStorageSpace ${home}/space\n`);
    const parameters = {
      ip: type === "PVFS2" ? "127.0.0.1" : "127.0.0.204", statedir: home, device: join(home, "disk"), directory: join(home, "mnt"), fsconfig: join(home, "fs.conf"), alias: "s", port: String(port),
      pidfile: join(home, "pid"), daemon: join(STANDIN, "pvfs2-standin-server"), checkutil: join(STANDIN, "pvfs2-standin-check"),
    };
    const options = Object.entries(parameters).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
    try {
      expect(execFileSync("/usr/sbin/ocf-tester", ["-n", "t", ...options, join(OCF, "quorate", type)], { encoding: "utf8" })).toContain("passed all tests");
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  });
});
