import { expect, test } from "vitest";
import { redact } from "./redact.ts";

test.each<{ name: string; parameters: Record<string, string>; want: string }>([
  { name: "a secret within another", parameters: { key: "tiger", password: "tiger-in-the-tank" }, want: "login as root with [redacted] failed" },
  { name: "a password by its short name", parameters: { admin_pwd: "tiger-in-the-tank" }, want: "login as root with [redacted] failed" },
  { name: "what is no secret", parameters: { user: "root" }, want: "login as root with tiger-in-the-tank failed" },
])("what an agent says: $name", ({ parameters, want }) => expect(redact("login as root with tiger-in-the-tank failed", parameters)).toBe(want));
