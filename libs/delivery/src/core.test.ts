import { type ClusterEvent, Prng, eventId } from "@quorate/core";
import { expect, test } from "vitest";
import { DELIVERY_DEFAULTS, type DeliveryCore, type DeliveryEffect, type DeliveryInput, createDeliveryCore } from "./core.ts";
import { BEGINNING, type Position, comparePositions, positionOf } from "./position.ts";
import type { DeliveryLimits } from "./recipient.ts";
import { type Sink, wants } from "./routing.ts";

const MAIL: Sink = { name: "mail", match: ["node.*", "notifier.*"], severityMin: "info" };
const HOOK: Sink = { name: "hook", match: ["*"], severityMin: "warning" };
const LIMITS: DeliveryLimits = { ...DELIVERY_DEFAULTS, retryMs: { first: 100, max: 800 }, failingAfter: 3, queueMax: 4, commitIntervalMs: 50 };

const event = (index: number, type = "node.lost", ordinal = 0): ClusterEvent => ({ index, ordinal, type, severity: "error", atMs: 0, node: null, resource: null, message: "", data: {} });
const at = (index: number, ordinal = 0): Position => ({ index, ordinal });

function describe(effect: DeliveryEffect): string {
  switch (effect.kind) {
    case "follow":
    case "unfollow":
      return effect.kind;
    case "deliver":
      return `deliver:${eventId(effect.event)}`;
    case "commitCursor":
      return `commit:${effect.position.index}.${effect.position.ordinal}`;
    case "raiseAlarm":
      return effect.alarm.type;
  }
}

/** A core with one mail recipient; `step` answers in the notation above and remembers the last delivery. */
function desk(limits = LIMITS): { core: DeliveryCore; say: (input: DeliveryInput | "ok" | "no" | "never" | "saved", nowMs: number) => string } {
  const core = createDeliveryCore({ sinks: [MAIL], limits });
  let deliveryId = 0;
  let followId = 0;
  let position = BEGINNING;
  const inputOf = (word: DeliveryInput | "ok" | "no" | "never" | "saved"): DeliveryInput => {
    if (word === "ok") return { kind: "delivered", recipient: "mail", deliveryId };
    if (word === "saved") return { kind: "committed", recipient: "mail", position, ok: true };
    if (word === "no" || word === "never") return { kind: "failed", recipient: "mail", deliveryId, reason: "550 no", permanent: word === "never" };
    if (word.kind === "event" && word.followId === 0) return { ...word, followId };
    return word;
  };
  return {
    core,
    say(input, nowMs) {
      const effects = core.step(inputOf(input), nowMs);
      for (const effect of effects) {
        if (effect.kind === "deliver") deliveryId = effect.deliveryId;
        if (effect.kind === "follow") followId = effect.followId;
        if (effect.kind === "commitCursor") position = effect.position;
      }
      return effects.map(describe).join(" ");
    },
  };
}

/** Follow id 0 stands for the newest. */
const news = (one: ClusterEvent, followId = 0): DeliveryInput => ({ kind: "event", recipient: "mail", followId, event: one });
const activate = (position = BEGINNING): DeliveryInput => ({ kind: "activate", cursors: [{ recipient: "mail", position }] });

test("one at a time, in order; the cursor follows what is delivered, at most every commit interval", () => {
  const { say, core } = desk();
  expect(say(activate(), 0)).toBe("follow");
  expect(say(news(event(1)), 1)).toBe("deliver:1.0");
  expect(say(news(event(2)), 2)).toBe("");
  expect(say("ok", 3)).toBe("deliver:2.0 commit:1.0");
  expect(say("saved", 5)).toBe("");
  expect(say("ok", 10)).toBe("");
  expect(core.nextWakeMs()).toBe(55);
  expect(say({ kind: "tick" }, 55)).toBe("commit:2.0");
  expect(say("saved", 56)).toBe("");
  expect(core.nextWakeMs()).toBeNull();
});

test("an event that is not wanted moves the cursor, but never past one that waits", () => {
  const { say } = desk();
  say(activate(), 0);
  expect(say(news(event(1, "cib.changed")), 1)).toBe("commit:1.0");
  say("saved", 2);
  expect(say(news(event(2)), 100)).toBe("deliver:2.0");
  expect(say(news(event(3, "cib.changed")), 101)).toBe("");
  expect(say("ok", 102)).toBe("commit:3.0");
});

test("a failed delivery is tried again with growing pauses, and nothing overtakes it", () => {
  const { say, core } = desk();
  say(activate(), 0);
  say(news(event(1)), 0);
  say(news(event(2)), 0);
  const pauses: number[] = [];
  let nowMs = 0;
  for (let failures = 0; failures < 6; failures += 1) {
    say("no", nowMs);
    const wakeMs = core.nextWakeMs() ?? 0;
    pauses.push(wakeMs - nowMs);
    nowMs = wakeMs;
    expect(say({ kind: "tick" }, nowMs - 1)).toBe("");
    expect(say({ kind: "tick" }, nowMs)).toBe("deliver:1.0");
  }
  expect(pauses).toEqual([100, 200, 400, 800, 800, 800]);
});

test("failing is said once, at the third failure, and so is recovery", () => {
  const { say } = desk();
  say(activate(), 0);
  say(news(event(1)), 0);
  expect(say("no", 1)).toBe("");
  expect([say({ kind: "tick" }, 1_000), say("no", 1_000)]).toEqual(["deliver:1.0", ""]);
  expect([say({ kind: "tick" }, 2_000), say("no", 2_000)]).toEqual(["deliver:1.0", "notifier.delivery-failing"]);
  expect([say({ kind: "tick" }, 9_000), say("no", 9_000)]).toEqual(["deliver:1.0", ""]);
  expect([say({ kind: "tick" }, 19_000), say("ok", 19_000)]).toEqual(["deliver:1.0", "notifier.delivery-recovered commit:1.0"]);
});

test("a permanent rejection is said at once and tried again all the same", () => {
  const { say } = desk();
  say(activate(), 0);
  say(news(event(1)), 0);
  expect(say("never", 1)).toBe("notifier.delivery-failing");
  expect(say({ kind: "tick" }, 200)).toBe("deliver:1.0");
});

test("dead letters only when asked for: given up, said, and the next one goes", () => {
  const { say, core } = desk({ ...LIMITS, deadLetterAfter: 2, failingAfter: 9 });
  say(activate(), 0);
  say(news(event(1)), 0);
  say(news(event(2)), 0);
  say("no", 1);
  say({ kind: "tick" }, 500);
  expect(say("no", 500)).toBe("notifier.dead-letter deliver:2.0 commit:1.0");
  expect(core.status()[0]).toMatchObject({ deadLetters: 1, waiting: 1 });
});

test("memory is bounded: reading stops when the queue is full and goes on from the last event taken", () => {
  const { say, core } = desk();
  say(activate(), 0);
  for (const index of [1, 2, 3]) say(news(event(index)), 0);
  expect(say(news(event(4)), 0)).toBe("unfollow");
  expect(say(news(event(5)), 0)).toBe("");
  expect(core.position("mail")).toEqual(at(4));
  say("ok", 1);
  expect(say("ok", 2)).toBe("follow deliver:3.0");
  expect(say(news(event(4)), 3)).toBe("");
  expect(core.status()[0]?.waiting).toBe(2);
});

test("what the ended reading still brings is not taken, or what was left out before it would be lost", () => {
  const { say, core } = desk();
  say(activate(), 0);
  for (const index of [1, 2, 3, 4]) say(news(event(index)), 0);
  say(news(event(5), 1), 0);
  say("ok", 1);
  say("ok", 2);
  expect(say(news(event(6), 1), 3)).toBe("");
  expect(core.position("mail")).toEqual(at(4));
  say(news(event(5)), 4);
  expect(core.position("mail")).toEqual(at(5));
});

test("draining: nothing new is begun, what was under way still counts and is committed", () => {
  const { say, core } = desk();
  say(activate(), 0);
  say(news(event(1)), 0);
  say(news(event(2)), 0);
  expect(say({ kind: "drain" }, 1)).toBe("unfollow");
  expect(say("ok", 2)).toBe("commit:1.0");
  expect(say("saved", 3)).toBe("");
  expect(core.nextWakeMs()).toBeNull();
});

test("a recipient that hangs holds up no other", () => {
  const core = createDeliveryCore({ sinks: [MAIL, HOOK], limits: LIMITS });
  const follows = core.step({ kind: "activate", cursors: [] }, 0).filter((effect) => effect.kind === "follow");
  const delivers = follows.flatMap(({ recipient, followId }) => core.step({ kind: "event", recipient, followId, event: event(1) }, 0)).filter((effect) => effect.kind === "deliver");
  const second = core.step({ kind: "delivered", recipient: "hook", deliveryId: delivers[1]?.deliveryId ?? 0 }, 1);
  expect(second.map(describe)).toEqual(["commit:1.0"]);
});

test("deactivation forgets everything; results of before change nothing afterwards", () => {
  const { say, core } = desk();
  say(activate(), 0);
  say(news(event(1)), 0);
  expect(say({ kind: "deactivate" }, 1)).toBe("unfollow");
  expect(say(news(event(2)), 1)).toBe("");
  expect(core.nextWakeMs()).toBeNull();
  expect(say(activate(at(0)), 2)).toBe("follow");
  expect(say("ok", 3)).toBe("");
  expect(say(news(event(1)), 4)).toBe("deliver:1.0");
  expect(say({ kind: "delivered", recipient: "mail", deliveryId: 1 }, 5)).toBe("");
  expect(core.status()[0]?.waiting).toBe(1);
});

test("a commit that fails is tried again; the other events go on meanwhile", () => {
  const { say } = desk();
  say(activate(), 0);
  say(news(event(1)), 0);
  expect(say("ok", 1)).toBe("commit:1.0");
  expect(say({ kind: "committed", recipient: "mail", position: at(1), ok: false }, 10)).toBe("");
  expect(say({ kind: "tick" }, 60)).toBe("commit:1.0");
});

// Goal: whatever fails and wherever the instance dies, every wanted event reaches its recipient at least once, first deliveries
// are in order, and the committed cursor never passes an event that was not delivered.
test.each(Array.from({ length: 300 }, (_, seed) => seed))("random failures, crashes and takeovers, seed %i", (seed) => {
  const prng = new Prng(seed);
  const sinks = [MAIL, HOOK];
  const outbox = Array.from({ length: 30 }, (_, index) => event(1 + (index >> 1), ["node.lost", "cib.changed", "notifier.test"][prng.below(3)], index & 1));
  const cursors = new Map<string, Position>();
  const got = new Map<string, string[]>(sinks.map((sink) => [sink.name, []]));
  let published = prng.below(10);
  let nowMs = 0;
  const limits = { ...LIMITS, queueMax: 1 + prng.below(5) };

  for (let life = 0; life < 200; life += 1) {
    const core = createDeliveryCore({ sinks, limits });
    /** Readings of the outbox, and what they have sent that has not arrived; that also arrives after the reading was ended. */
    const readings = new Map<string, { followId: number; after: Position }>();
    const sent: Extract<DeliveryInput, { kind: "event" }>[] = [];
    const due: { atMs: number; input: DeliveryInput }[] = [];
    const perform = (effect: DeliveryEffect): void => {
      if (effect.kind === "follow") readings.set(effect.recipient, { followId: effect.followId, after: core.position(effect.recipient) });
      if (effect.kind === "unfollow") readings.delete(effect.recipient);
      if (effect.kind === "deliver") {
        const { recipient, deliveryId } = effect;
        const arrives = prng.below(3) > 0;
        if (arrives) got.get(recipient)?.push(eventId(effect.event));
        // What arrived may still be answered by a failure: the acknowledgement got lost.
        const ok = arrives && prng.below(4) > 0;
        const input: DeliveryInput = ok ? { kind: "delivered", recipient, deliveryId } : { kind: "failed", recipient, deliveryId, reason: "451", permanent: prng.below(5) === 0 };
        due.push({ atMs: nowMs + prng.below(200), input });
      }
      if (effect.kind === "commitCursor") {
        const { recipient, position } = effect;
        const sink = sinks.find(({ name }) => name === recipient) ?? MAIL;
        const passed = outbox.filter((one) => wants(sink, one) && comparePositions(positionOf(one), position) <= 0).map(eventId);
        const missing = passed.filter((id) => got.get(recipient)?.includes(id) !== true);
        if (missing.length > 0) throw new Error(`the cursor passed ${missing.join(" ")}`);
        const ok = prng.below(4) > 0;
        if (ok) cursors.set(recipient, position);
        due.push({ atMs: nowMs + prng.below(100), input: { kind: "committed", recipient, position, ok: ok && prng.below(5) > 0 } });
      }
    };
    const step = (input: DeliveryInput): void => core.step(input, nowMs).forEach(perform);
    step({ kind: "activate", cursors: [...cursors].map(([recipient, position]) => ({ recipient, position })) });
    const lifetime = life < 6 ? prng.below(40) : 100_000;
    for (let steps = 0; steps < lifetime; steps += 1) {
      published = Math.min(outbox.length, published + prng.below(3));
      for (const [recipient, reading] of readings) {
        // A stream that broke is opened again from where the core is now, and so repeats some.
        if (prng.below(20) === 0) reading.after = core.position(recipient);
        for (const next of outbox.slice(0, published).filter((one) => comparePositions(positionOf(one), reading.after) > 0).slice(0, prng.below(4))) {
          sent.push({ kind: "event", recipient, followId: reading.followId, event: next });
          reading.after = positionOf(next);
        }
      }
      for (const input of sent.splice(0, prng.below(4))) step(input);
      due.sort((a, b) => a.atMs - b.atMs);
      nowMs = Math.max(nowMs, Math.min(due[0]?.atMs ?? nowMs + 50, core.nextWakeMs() ?? nowMs + 50));
      step(due[0] !== undefined && due[0].atMs <= nowMs ? (due.shift()?.input ?? { kind: "tick" }) : { kind: "tick" });
      if (core.status().some((one) => one.waiting > limits.queueMax)) throw new Error("more is held than allowed");
      const end = outbox.at(-1);
      if (life >= 6 && steps > 5_000) throw new Error(`does not come to rest: ${JSON.stringify(core.status())}`);
      if (published === outbox.length && end !== undefined && core.status().every((one) => comparePositions(one.done, positionOf(end)) === 0) && due.length === 0 && sent.length === 0) break;
    }
    if (life >= 6) break;
  }

  for (const sink of sinks) {
    const wanted = outbox.filter((one) => wants(sink, one)).map(eventId);
    expect([...new Set(got.get(sink.name))]).toEqual(wanted);
  }
});
