import type { ClusterEvent } from "@quorate/core";
import { expect, test } from "vitest";
import { eventToCloudEvent } from "./index.ts";

const lost: ClusterEvent = {
  index: 412, ordinal: 1, type: "node.lost", severity: "critical", atMs: Date.UTC(2026, 0, 31, 23, 59, 59, 7), node: "node2", resource: null,
  message: "node2 is lost: silent on nats, udp:san for 612 ms", data: { view: "412" },
};

test("CloudEvents 1.0: required attributes, time in RFC 3339, and what the event says as data", () => {
  expect(eventToCloudEvent(lost, "pvfs2-ha")).toStrictEqual({
    specversion: "1.0",
    id: "412.1",
    source: "/quorate/pvfs2-ha",
    type: "org.quorate.node.lost",
    time: "2026-01-31T23:59:59.007Z",
    subject: "node2",
    datacontenttype: "application/json",
    data: { severity: "critical", message: lost.message, node: "node2", resource: null, facts: { view: "412" } },
  });
});

test.each([
  { node: "node2", resource: "server1", subject: "node2/server1" },
  { node: null, resource: "server1", subject: "server1" },
  { node: null, resource: null, subject: undefined },
])("subject of $node and $resource: $subject", ({ node, resource, subject }) => {
  const cloudEvent = eventToCloudEvent({ ...lost, node, resource }, "c");
  expect(cloudEvent.subject).toBe(subject);
  expect("subject" in cloudEvent).toBe(subject !== undefined); // an attribute must be absent, not empty or null
});

test("source is a URI reference whatever the cluster is called", () => {
  expect(eventToCloudEvent(lost, "my cluster/é").source).toBe("/quorate/my%20cluster%2F%C3%A9");
});

test("a time beyond what dates can say does not fail", () => {
  expect(eventToCloudEvent({ ...lost, atMs: Number.MAX_SAFE_INTEGER }, "c").time).toBe("+275760-09-13T00:00:00.000Z");
});
