/** Against an SMTP server and an HTTP server that are really asked. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClusterEvent } from "@quorate/core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type MailSink, startMailSink } from "../../../deploy/peers/mail-sink.ts";
import { type WebhookSink, startWebhookSink } from "../../../deploy/peers/webhook-sink.ts";
import { createEmailSink } from "./email-sink.ts";
import type { EventSink } from "./event-sink.ts";
import { createWebhookSink } from "./webhook-sink.ts";

const EVENT: ClusterEvent = { index: 7, ordinal: 0, type: "fencing.succeeded", severity: "warning", atMs: 0, node: "node2", resource: null, message: "node2 was switched off — übrigens", data: { device: "pdu" } };
const SECRET = "webhook-secret";
let directory: string;
let mail: MailSink;
let hook: WebhookSink;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "quorate-sinks-"));
  await writeFile(join(directory, "secret"), `${SECRET}\n`);
  await writeFile(join(directory, "password"), "letmein\n");
});
afterAll(() => rm(directory, { recursive: true }));
beforeEach(async () => {
  mail = await startMailSink();
  hook = await startWebhookSink({ secret: SECRET });
});
afterEach(async () => {
  await mail.close();
  await hook.close();
});

function email(given: { port?: number; to?: string[]; passwordFile?: string | null; timeoutMs?: number } = {}): EventSink {
  const smtp = { host: "127.0.0.1", port: given.port ?? mail.port, secure: false, user: "quorate", passwordFile: given.passwordFile ?? null };
  return createEmailSink({ config: { name: "ops", kind: "email", match: ["*"], smtp, from: "Quorate <quorate@example.org>", to: given.to ?? ["ops@example.org"] }, cluster: "test", timeoutMs: given.timeoutMs ?? 2_000 });
}

function webhook(given: { url?: string; secretFile?: string | null; timeoutMs?: number } = {}): EventSink {
  const secretFile = given.secretFile === undefined ? join(directory, "secret") : given.secretFile;
  return createWebhookSink({ config: { name: "hook", kind: "webhook", match: ["*"], url: given.url ?? hook.url, secretFile }, cluster: "test", timeoutMs: given.timeoutMs ?? 2_000, wallMs: () => 1_700_000_000_999 });
}

test("mail arrives with subject, identity and every fact, also beyond ASCII", async () => {
  expect(await email().deliver(EVENT)).toEqual({ ok: true });
  const [got] = mail.mails();
  expect(got).toMatchObject({ from: "quorate@example.org", to: ["ops@example.org"] });
  expect(got?.headers).toMatchObject({ subject: "[quorate test] warning node2 was switched off — übrigens", "message-id": "<quorate.test.7.0@example.org>", "x-quorate-event": "fencing.succeeded", "auto-submitted": "auto-generated" });
  expect(got?.text).toContain("node2 was switched off — übrigens");
  expect(got?.text).toMatch(/device: +pdu/);
});

test("mail with authentication; a wrong password does not show in the reason", async () => {
  await mail.close();
  mail = await startMailSink({ password: "letmein" });
  expect(await email({ passwordFile: join(directory, "password") }).deliver(EVENT)).toEqual({ ok: true });
  const wrong = await email({ passwordFile: join(directory, "secret") }).deliver(EVENT);
  expect(wrong).toMatchObject({ ok: false, permanent: true });
  expect(JSON.stringify(wrong)).not.toContain(SECRET);
});

test.each([
  { name: "a server that is busy", fault: { kind: "busy" }, want: { ok: false, permanent: false } },
  { name: "a mailbox that is not there", fault: { kind: "reject" }, want: { ok: false, permanent: true } },
  { name: "a server that hangs", fault: { kind: "hang" }, timeoutMs: 150, want: { ok: false, permanent: false } },
] as const)("mail: $name", async ({ fault, want, ...given }) => {
  mail.setFault(fault);
  expect(await email(given).deliver(EVENT)).toMatchObject(want);
  expect(mail.mails()).toEqual([]);
});

test("mail: nobody listens, or the password cannot be read", async () => {
  expect(await email({ port: 1 }).deliver(EVENT)).toMatchObject({ ok: false, permanent: false });
  expect(await email({ passwordFile: join(directory, "none") }).deliver(EVENT)).toMatchObject({ ok: false, reason: expect.stringContaining("no such file") });
});

test("mail: of several people, only those who have not got it are tried again", async () => {
  const sink = email({ to: ["a@example.org", "b@example.org"] });
  mail.setFault({ kind: "reject", recipients: ["b@example.org"] });
  expect(await sink.deliver(EVENT)).toMatchObject({ ok: false, permanent: true, reason: "rejected for b@example.org" });
  mail.setFault({ kind: "none" });
  expect(await sink.deliver(EVENT)).toEqual({ ok: true });
  expect(mail.mails().map(({ to }) => to)).toEqual([["a@example.org"], ["b@example.org"]]);
  expect(await sink.deliver({ ...EVENT, index: 8 })).toEqual({ ok: true });
  expect(mail.mails().at(-1)?.to).toEqual(["a@example.org", "b@example.org"]);
});

test("a webhook gets a signed CloudEvent", async () => {
  expect(await webhook().deliver(EVENT)).toEqual({ ok: true });
  const [got] = hook.events();
  expect(got).toMatchObject({ verified: true, event: { specversion: "1.0", id: "7.0", source: "/quorate/test", type: "org.quorate.fencing.succeeded", subject: "node2" } });
  expect(got?.headers).toMatchObject({ "content-type": "application/cloudevents+json; charset=utf-8", "quorate-timestamp": "1700000000" });
});

test.each([
  { name: "no signature: refused for good", given: { secretFile: null }, want: { ok: false, permanent: true, reason: "answered with 401" } },
  { name: "server error", fault: { kind: "status", status: 500 }, want: { ok: false, permanent: false, reason: "answered with 500" } },
  { name: "too many requests", fault: { kind: "status", status: 429 }, want: { ok: false, permanent: false } },
  { name: "gone", fault: { kind: "status", status: 410 }, want: { ok: false, permanent: true } },
  { name: "hangs", fault: { kind: "hang" }, given: { timeoutMs: 120 }, want: { ok: false, permanent: false, reason: "no answer within 120 ms" } },
  { name: "nobody listens", given: { url: "http://127.0.0.1:1/?token=abc" }, want: { ok: false, permanent: false } },
] as const)("webhook: $name", async ({ want, ...rest }) => {
  if ("fault" in rest) hook.setFault(rest.fault);
  const outcome = await webhook("given" in rest ? rest.given : {}).deliver(EVENT);
  expect(outcome).toMatchObject(want);
  expect(JSON.stringify(outcome)).not.toContain("token");
  expect(hook.events()).toEqual([]);
});

test("webhook: a redirection is not followed, or a signed event would go where nobody configured", async () => {
  const elsewhere = await startWebhookSink();
  hook.setFault({ kind: "status", status: 307, location: elsewhere.url });
  expect(await webhook().deliver(EVENT)).toMatchObject({ ok: false, permanent: false });
  expect(elsewhere.events()).toEqual([]);
  await elsewhere.close();
});
