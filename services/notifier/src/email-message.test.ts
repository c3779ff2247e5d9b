import type { ClusterEvent } from "@quorate/core";
import { expect, test } from "vitest";
import { composeEmail } from "./email-message.ts";

const LOST: ClusterEvent = {
  index: 812, ordinal: 1, type: "node.lost", severity: "critical", atMs: Date.UTC(2007, 10, 23, 12, 0, 1, 250), node: "node2", resource: null,
  message: "node2 is lost:\nsilent for 612 ms", data: { view: "812", silentMs: "612", links: "nats\nudp:lan" },
};

test("subject, identity and text", () => {
  const mail = composeEmail(LOST, { cluster: "pvfs2-ha", from: "Quorate <quorate@example.org>" });
  expect(mail.subject).toBe("[quorate pvfs2-ha] critical node2 is lost: silent for 612 ms");
  expect(mail.messageId).toBe("<quorate.pvfs2-ha.812.1@example.org>");
  expect(mail.priority).toBe("high");
  expect(mail.headers).toMatchObject({ "List-Id": "Events of the cluster pvfs2-ha <pvfs2-ha.quorate.example.org>", "Auto-Submitted": "auto-generated", "X-Quorate-Id": "812.1" });
  expect(mail.text).toBe(`node2 is lost:
silent for 612 ms

Cluster:  pvfs2-ha
Event:    node.lost
Severity: critical
Time:     2007-11-23T12:00:01.250Z
Node:     node2
links:    nats
          udp:lan
silentMs: 612
view:     812
Event id: 812.1

This mail may come more than once; its event id tells.
`);
});

test("a long message is cut in the subject only", () => {
  const mail = composeEmail({ ...LOST, severity: "info", message: "x".repeat(500) }, { cluster: "c", from: "nobody" });
  expect(mail.subject).toHaveLength(180);
  expect(mail.text).toContain("x".repeat(500));
  expect(mail.messageId).toBe("<quorate.c.812.1@localhost>");
  expect(mail.priority).toBe("normal");
});
