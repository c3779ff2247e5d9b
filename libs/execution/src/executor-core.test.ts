import { describe, expect, test } from "vitest";
import type { ExecutorEffect, ExecutorInput, StoredRecord } from "./effect.ts";
import { createExecutorCore } from "./executor-core.ts";
import type { ExecutorCore } from "./executor-core.ts";
import type { ExecutorRequest, Operation } from "./types.ts";

/**
 * A node in a line of words: what happens, and the effects as words.
 *   claim(T.V)  quorum+ quorum-  at(MS)  tick  close(T.V)  reboot crash
 *   SEQ:task:resource[:interval[:timeout]]   a command of the session of the last claim, T.V too
 *   SEQ:cancel:resource:interval   SEQ:forget:resource   local:task:resource   ack(N)
 *   ID=RC (agent exits)  ID=timeout  ID=lingers  ID=gone
 * Effects: `spawn`, `kill`, `reap` with the call id; `ok(SEQ)`, `no(reason)`; `report(N: results)`; `*` marks a persist.
 */
class Node {
  readonly disk = new Map<string, string>();
  #core!: ExecutorCore;
  #life = 0;
  #boot = 1;
  #nowMs = 0;
  #session = "";
  #authority = { term: 0, view: 0 };
  active = false;
  replies: Extract<ExecutorEffect, { kind: "reply" }>["reply"][] = [];

  constructor() {
    this.#restart();
  }

  play(script: string): string {
    return script.split(" ").filter(Boolean).map((word) => this.#word(word)).filter(Boolean).join(" | ");
  }

  #restart(): string {
    this.#life += 1;
    const stored: StoredRecord[] = [...this.disk].map(([key, value]) => ({ key, value }));
    this.#core = createExecutorCore({ node: "n1", bootId: `boot${this.#boot}`, session: `life${this.#life}`, config: { parallelMax: 4, membershipLossMs: 5_000 }, stored });
    return this.#step({ kind: "restored" });
  }

  #word(word: string): string {
    if (word === "crash") return this.#restart();
    if (word === "reboot") {
      this.#boot += 1;
      return this.#restart();
    }
    if (word === "tick") return this.#step({ kind: "tick" });
    if (word.startsWith("quorum")) return this.#step({ kind: "quorum", connected: word.endsWith("+") });
    const [, name, argument] = /^(\w+)\((.*)\)$/.exec(word) ?? [];
    if (name === "at") {
      this.#nowMs = Number(argument);
      return this.#step({ kind: "tick" });
    }
    if (name === "ack") return this.#request({ kind: "acknowledge", authority: this.#authority, session: this.#session, reportSequence: Number(argument) });
    if (name !== undefined) {
      const [term, view] = argument!.split(".").map(Number);
      const authority = { term: term!, view: view! };
      if (name === "close") return this.#request({ kind: "close", authority, session: this.#session });
      const answer = this.#request({ kind: "claim", authority, dc: "dc" });
      const last = this.replies.at(-1);
      if (last?.kind === "claimed") [this.#session, this.#authority] = [last.session, authority];
      return answer;
    }
    const [id, end] = word.split("=");
    if (end !== undefined) return this.#step(this.#end(Number(id), end));
    return this.#command(word.split(":"));
  }

  #end(callId: number, end: string): ExecutorInput {
    if (end === "gone") return { kind: "gone", callId };
    if (end === "timeout" || end === "lingers") return { kind: "ended", callId, outcome: { status: "timeout", rc: 1, exitReason: "" }, lingering: end === "lingers" };
    return { kind: "ended", callId, outcome: { status: "done", rc: Number(end), exitReason: "" }, lingering: false };
  }

  #command([number, task, resource, interval, timeout]: string[]): string {
    const head = { authority: this.#authority, session: this.#session, sequence: Number(number) };
    const intervalMs = Number(interval ?? 0);
    const operation: Operation = {
      transitionKey: `${this.#authority.term}:${number}:${task}`, resource: resource!, agent: { class: "ocf", provider: "heartbeat", type: "Dummy" }, task: task!,
      intervalMs, timeoutMs: Number(timeout ?? 20_000), targetRc: 0, parameters: {}, meta: {},
    };
    if (number === "local") return this.#request({ kind: "executeLocal", operation });
    if (task === "cancel") return this.#request({ kind: "cancel", ...head, resource: resource!, task: "monitor", intervalMs });
    if (task === "forget") return this.#request({ kind: "forget", ...head, resource: resource! });
    return this.#request({ kind: "execute", ...head, budgetMs: 10_000, operation });
  }

  #request(request: ExecutorRequest): string {
    return this.#step({ kind: "request", token: 1, from: "local", request });
  }

  #step(input: ExecutorInput): string {
    const effects = this.#core.step(input, { nowMs: this.#nowMs, wallMs: 1_000_000 + this.#nowMs });
    return effects.map((effect) => this.#show(effect)).filter(Boolean).join(" ");
  }

  #show(effect: ExecutorEffect): string {
    switch (effect.kind) {
      case "persist":
        for (const { key, value } of effect.records) {
          if (value === null) this.disk.delete(key);
          else this.disk.set(key, value);
        }
        return "*";
      case "reply": {
        this.replies.push(effect.reply);
        const { reply } = effect;
        if (reply.kind === "accepted") return `ok(${reply.sequence})`;
        if (reply.kind === "refused") return `no(${reply.reason},${reply.expected})`;
        const shown = (operation: Operation): string => `${operation.task}-${operation.resource}${operation.intervalMs > 0 ? `-${operation.intervalMs}` : ""}`;
        return `claimed(${[...reply.history.map((result) => `${shown(result.operation)}=${result.status === "done" ? result.rc : result.status}`), ...reply.inFlight.map((operation) => `${shown(operation)}?`)].join(" ")})`;
      }
      case "spawn":
        this.active = effect.active;
        return `spawn${effect.callId}`;
      case "kill":
      case "reap":
        return `${effect.kind}${effect.callId}`;
      case "report":
        return `report(${effect.report.sequence}:${effect.report.results.map((result) => ` ${result.callId}=${result.status === "done" ? result.rc : result.status}`).join("")})`;
      case "result":
        return "";
    }
  }
}

const READY = "quorum+ claim(1.1)";

describe("the gate", () => {
  test.each([
    { name: "claims, then takes commands in order", script: `quorum+ claim(1.1) 1:start:a`, want: "* claimed() | ok(1) * spawn1" },
    { name: "nothing before a claim", script: "quorum+ 1:start:a", want: "no(not-claimed,1)" },
    { name: "an older authority is refused, by term and by view", script: "claim(2.5) claim(1.9) claim(2.4)", want: "* claimed() | no(stale-authority,1) | no(stale-authority,1)" },
    { name: "a claim repeated before any command is answered alike, without a write", script: "claim(1.1) claim(1.1)", want: "* claimed() | claimed()" },
    { name: "a repeat of a command is answered alike and not run again", script: `${READY} 1:start:a 1:start:a`, want: "* claimed() | ok(1) * spawn1 | ok(1)" },
    { name: "a gap is refused with the number expected", script: `${READY} 1:start:a 3:stop:a 2:monitor:b`, want: "* claimed() | ok(1) * spawn1 | no(out-of-order,2) | ok(2) * spawn2" },
    { name: "a new authority begins at 1 again", script: `${READY} 1:start:a claim(1.2) 1:start:b`, want: "* claimed() | ok(1) * spawn1 | * claimed(start-a?) | ok(1) * spawn2" },
    { name: "without connected quorum commands are refused and do not use up their number", script: "claim(1.1) 1:start:a quorum+ 1:start:a quorum- 2:stop:a", want: "* claimed() | no(no-quorum,1) | ok(1) * spawn1 | no(no-quorum,2)" },
    { name: "a membership that is silent is no quorum", script: `${READY} at(5000) 1:start:a at(5001) 2:start:b`, want: "* claimed() | ok(1) * spawn1 | no(no-quorum,2)" },
    { name: "a task that no agent has, and a start that recurs, end as errors and keep nothing waiting", script: `${READY} 1:explode:a 2:start:a:10 3:start:b`, want: "* claimed() | * ok(1) report(1: 1=error) | ok(2) report(2: 1=error 2=error) | ok(3) * spawn3" },
    { name: "an authority is remembered across a crash and a reboot", script: "claim(3.1) crash claim(2.9) reboot claim(3.0) claim(3.1)", want: "* claimed() | no(stale-authority,1) | * | no(stale-authority,1) | claimed()" },
    { name: "local: stop, demote and monitor only, and only without quorum", script: "local:stop:a local:start:b quorum+ local:stop:c", want: "ok(0) * spawn1 | no(no-quorum,1) | no(invalid,1)" },
  ])("$name", ({ script, want }) => {
    const node = new Node();
    expect(node.play(script)).toBe(want);
  });

  test("after commands, a claim of the same authority begins a new session: copies of the old commands are refused", () => {
    const node = new Node();
    node.play(`${READY} 1:start:a`);
    const request = { kind: "execute", authority: { term: 1, view: 1 }, session: "life1", sequence: 2 } as const;
    expect(node.play("claim(1.1)")).toBe("claimed(start-a?)");
    const reply = node.replies.at(-1)!;
    expect(reply.kind === "claimed" && reply.session).toMatch(/^[0-9a-f]{16}$/);
    expect(reply.kind === "claimed" && reply.session).not.toBe(request.session);
    expect(node.play("1:start:b")).toBe("ok(1) * spawn2");
  });

  test("local operations are not taken from the bus", () => {
    const core = createExecutorCore({ node: "n1", bootId: "b", session: "s", config: { parallelMax: 1, membershipLossMs: 1 }, stored: [] });
    const operation: Operation = { transitionKey: "k", resource: "a", agent: { class: "ocf", provider: "p", type: "t" }, task: "stop", intervalMs: 0, timeoutMs: 1, targetRc: 0, parameters: {}, meta: {} };
    const effects = core.step({ kind: "request", token: 7, from: "bus", request: { kind: "executeLocal", operation } }, { nowMs: 0, wallMs: 0 });
    expect(effects).toMatchObject([{ kind: "reply", token: 7, reply: { kind: "refused", reason: "invalid" } }]);
  });
});

describe("one at a time", () => {
  test.each([
    { name: "operations of a resource wait for each other, in order", script: `${READY} 1:start:a 2:monitor:a 3:stop:a 1=0 2=0 3=0`, want: "* claimed() | ok(1) * spawn1 | ok(2) | ok(3) | * * spawn2 report(1: 1=0) | * * spawn3 report(2: 1=0 2=0) | * report(3: 1=0 2=0 3=0)" },
    { name: "resources do not wait for each other, up to the limit", script: `${READY} 1:start:a 2:start:b 3:start:c 4:start:d 5:start:e 2=0`, want: "* claimed() | ok(1) * spawn1 | ok(2) * spawn2 | ok(3) * spawn3 | ok(4) * spawn4 | ok(5) | * * spawn5 report(1: 2=0)" },
    { name: "a run that lingers is reported, but nothing follows until its processes are gone", script: `${READY} 1:stop:a 2:monitor:a 1=lingers tick 1=gone`, want: "* claimed() | ok(1) * spawn1 | ok(2) | * report(1: 1=timeout) | * * spawn2" },
    { name: "a command whose time is over is dropped unstarted", script: `${READY} 1:start:a 2:monitor:a at(10000)`, want: "* claimed() | ok(1) * spawn1 | ok(2) | report(1: 2=cancelled)" },
    { name: "a stop that never began because a hung run did not end has failed; a look has not", script: `${READY} 1:monitor:a 1=lingers 2:stop:a 3:monitor:a at(10000) claim(1.2)`, want: "* claimed() | ok(1) * spawn1 | * report(1: 1=timeout) | ok(2) | ok(3) | * report(3: 1=timeout 2=timeout 3=cancelled) | * claimed(monitor-a=timeout stop-a=timeout) report(3: 1=timeout 2=timeout 3=cancelled)" },
    { name: "what waits for its turn is not begun after the loss of quorum, a stop is", script: `${READY} 1:monitor:a 2:start:a 3:monitor:b 4:stop:b quorum- 1=0 2=0`, want: "* claimed() | ok(1) * spawn1 | ok(2) | ok(3) * spawn2 | ok(4) | * report(2: 1=0 3=cancelled) | * * spawn4 report(3: 1=0 3=cancelled 2=0)" },
    { name: "an operation sent again under a new authority is not run twice", script: `${READY} 1:start:a claim(1.2) 1:start:a 1=0 claim(1.3) 1:start:a`, want: "* claimed() | ok(1) * spawn1 | * claimed(start-a?) | ok(1) | * report(1: 1=0) | * claimed(start-a=0) report(1: 1=0) | ok(1)" },
  ])("$name", ({ script, want }) => expect(new Node().play(script)).toBe(want));

  test("a resource's queue is bounded", () => {
    const node = new Node();
    const script = Array.from({ length: 34 }, (_, i) => `${i + 1}:monitor:a`).join(" ");
    expect(node.play(`${READY} ${script}`).split(" | ").slice(-2)).toEqual(["ok(33)", "no(overloaded,34)"]);
  });
});

describe("recurring monitors", () => {
  const STARTED = `${READY} 1:start:a 1=0 ack(1) 2:monitor:a:1000 2=0 ack(2)`;
  const started = "* claimed() | ok(1) * spawn1 | * report(1: 1=0) | ok(1) | ok(2) * spawn2 | * report(2: 2=0) | ok(2)";
  test.each([
    { name: "come again an interval after they ended; only news is reported", script: "at(999) at(1000) at(1300) 3=0 at(2299) at(2300) 4=7 ack(3) at(3300) 5=7", want: "* spawn3 | * spawn4 | * report(3: 4=7) | ok(2) | * spawn5" },
    { name: "the first result is always reported, also when it is the same again under a new name", script: "3:monitor:a:1000 3=0", want: "ok(3) * spawn3 | * report(3: 3=0)" },
    { name: "a stop ends them, and does not wait for one that runs", script: "at(1000) 3:stop:a 3=timeout 4=0 at(9000)", want: "* spawn3 | kill3 ok(3) | * spawn4 | * report(3: 4=0) | report(3: 4=0)" },
    { name: "cancel ends one, and forgets its result", script: "3:cancel:a:1000 at(2000) claim(1.2)", want: "* ok(3) | * claimed(start-a=0)" },
    { name: "cancel of a running one kills it and says nothing more", script: "at(1000) 3:cancel:a:1000 3=0 at(9000)", want: "* spawn3 | kill3 * ok(3)" },
    { name: "cancel before the first run answers for it", script: "3:monitor:a 4:monitor:a:500 5:cancel:a:500", want: "ok(3) * spawn3 | ok(4) | ok(5) report(3: 4=cancelled)" },
    { name: "forget ends them and forgets everything", script: "3:forget:a at(2000) claim(1.2)", want: "* * ok(3) | * claimed()" },
    { name: "they go on without quorum and without a DC", script: "quorum- at(1000) 3=0 at(2000)", want: "* spawn3 | * spawn4" },
    { name: "they wait while a command of their resource runs", script: "3:monitor:a at(1000) 3=0", want: "ok(3) * spawn3 | * * spawn4 report(3: 3=0)" },
  ])("$name", ({ script, want }) => {
    const node = new Node();
    expect(node.play(STARTED)).toBe(started);
    expect(node.play(script)).toBe(want);
  });

  test("hung ones leave half of the places to commands", () => {
    const node = new Node();
    node.play(`${READY} 1:monitor:a:1 2:monitor:b:1 3:monitor:c:1 1=0 2=0 3=0`);
    expect(node.play("at(1) 4:stop:d 5:stop:e")).toBe("* spawn4 * spawn5 | ok(4) * spawn6 | ok(5) * spawn7");
  });
});

describe("reports", () => {
  test("are repeated each 500 ms from the oldest that is not acknowledged", () => {
    const node = new Node();
    node.play(`${READY} 1:start:a 2:start:b`);
    expect(node.play("1=0 2=0 at(499) at(500) ack(1) at(1000) ack(2) at(9000)")).toBe("* report(1: 1=0) | * report(2: 1=0 2=0) | report(2: 1=0 2=0) | ok(2) | report(2: 2=0) | ok(2)");
  });

  test("an acknowledgement of more than was ever sent is of another session, and nothing is taken for safe", () => {
    const node = new Node();
    node.play(`${READY} 1:start:a`);
    expect(node.play("ack(9) 1=0 ack(9) at(500) ack(1) at(1000)")).toBe("ok(1) | * report(1: 1=0) | ok(1) | report(1: 1=0) | ok(1)");
  });

  test("carry no more than 32 results; the rest follows the acknowledgement", () => {
    const node = new Node();
    node.play(READY);
    for (let i = 1; i <= 40; i++) node.play(`${i}:start:r${i} ${i}=0`);
    expect(node.play("at(500)")).toMatch(/^report\(32: .* 32=0\)$/);
    expect(node.play("ack(32)")).toMatch(/^ok\(40\) report\(40: 33=0 .*40=0\)$/);
  });
});

describe("a restart of the executor", () => {
  const BEFORE = `${READY} 1:start:a 1=0 2:monitor:a:1000 2=0 3:start:b`;
  test.each([
    { name: "resources go on, their monitors resume, and what ran is lost once nobody is left of it", script: "crash claim(1.1) 3=gone", want: "reap3 * spawn4 | claimed(start-a=0 monitor-a-1000=0 start-b?) | * report(1: 3=lost)" },
    { name: "nothing of the resource begins before", script: "crash quorum+ claim(1.1) 1:stop:b 3=gone", want: "reap3 * spawn4 | claimed(start-a=0 monitor-a-1000=0 start-b?) | ok(1) | * * spawn5 report(1: 3=lost)" },
    { name: "what ran and does not end is waited for no longer than its time-out; nothing of the resource begins all the same", script: "crash claim(1.1) at(19999) at(20000) claim(1.2) quorum+ 1:stop:b 3=gone", want: "reap3 * spawn4 | claimed(start-a=0 monitor-a-1000=0 start-b?) | * report(1: 3=lost) | * claimed(start-a=0 monitor-a-1000=0 start-b=lost) report(1: 3=lost) | ok(1) | * * spawn5" },
    { name: "after a reboot nothing is active, whatever was known", script: "reboot claim(1.1) at(5000)", want: "* | claimed()" },
    { name: "a probe that was under way changed nothing, and is not a failure", script: "4:monitor:c crash claim(1.1) 4=gone", want: "ok(4) * spawn4 | reap3 reap4 * spawn5 | claimed(start-a=0 monitor-a-1000=0 start-b? monitor-c?) | * report(1: 4=cancelled)" },
    { name: "a repeated monitor that was under way is no news", script: "at(1000) crash claim(1.1) 4=gone", want: "* spawn4 report(2: 1=0 2=0) | reap3 reap4 | claimed(start-a=0 monitor-a-1000=0 start-b?) | * * spawn5" },
    { name: "a lingering run that was reported is not lost as well", script: "3=lingers crash 3=gone claim(1.1)", want: "* report(3: 1=0 2=0 3=timeout) | reap3 * spawn4 | * | claimed(start-a=0 monitor-a-1000=0 start-b=timeout)" },
  ])("$name", ({ script, want }) => {
    const node = new Node();
    node.play(BEFORE);
    expect(node.play(script)).toBe(want);
  });

  test("the process of a run is written down when it is known", () => {
    const disk = new Map<string, string | null>();
    const core = createExecutorCore({ node: "n1", bootId: "b", session: "s", config: { parallelMax: 1, membershipLossMs: 1 }, stored: [] });
    const operation: Operation = { transitionKey: "k", resource: "a", agent: { class: "ocf", provider: "p", type: "t" }, task: "stop", intervalMs: 0, timeoutMs: 1, targetRc: 0, parameters: {}, meta: {} };
    const time = { nowMs: 0, wallMs: 0 };
    const inputs: ExecutorInput[] = [
      { kind: "restored" },
      { kind: "request", token: 1, from: "local", request: { kind: "executeLocal", operation } },
      { kind: "spawned", callId: 1, pid: 4242, startTime: "99" },
    ];
    for (const input of inputs) for (const effect of core.step(input, time)) if (effect.kind === "persist") for (const { key, value } of effect.records) disk.set(key, value);
    const again = createExecutorCore({ node: "n1", bootId: "b", session: "t", config: { parallelMax: 1, membershipLossMs: 1 }, stored: [...disk].map(([key, value]) => ({ key, value })) });
    expect(again.step({ kind: "restored" }, time)).toEqual([{ kind: "reap", callId: 1, session: "s", operation, pid: 4242, startTime: "99" }]);
  });
});

test("a spawn says whether the resource was started here and not stopped since", () => {
  const node = new Node();
  const actives = [`${READY} 1:monitor:a 1=7`, "2:start:a 2=0", "3:monitor:a 3=0", "crash 4:monitor:a quorum+ claim(1.2) 1:monitor:a 4=0", "2:stop:a 5=0", "3:monitor:a 6=7", "4:start:a 7=1", "5:monitor:a 8=7"].map((script) => {
    node.play(script);
    return node.active;
  });
  expect(actives).toEqual([false, false, true, true, true, false, false, false]);
});

describe("a clean leave", () => {
  test.each([
    { name: "is answered when nothing runs any more, and nothing starts", script: `1:start:a 2:monitor:a close(1.1) 1=0 3:start:b close(1.1) claim(1.1)`, want: "ok(1) * spawn1 | ok(2) | * report(1: 2=cancelled) | * ok(2) report(2: 2=cancelled 1=0)".replace("* ok(2) report(2: 2=cancelled 1=0)", "* report(2: 2=cancelled 1=0) ok(2)") + " | no(closed,3) | ok(2) | no(closed,3)" },
    { name: "stays after a restart, until a newer authority claims", script: "close(1.1) crash claim(1.1) claim(1.2) quorum+ 1:start:a", want: "* ok(0) | no(closed,1) | * claimed() | ok(1) * spawn1" },
    { name: "that a newer claim overtakes is refused", script: "1:start:a close(1.1) claim(2.1)", want: "ok(1) * spawn1 | * | * no(stale-authority,1) claimed(start-a?)" },
  ])("$name", ({ script, want }) => {
    const node = new Node();
    node.play(READY);
    expect(node.play(script)).toBe(want);
  });
});
