import { expect, test } from "vitest";
import { createReadiness } from "./readiness.ts";

test("ready when every named condition holds; told once; never again after stopping", () => {
  const told: string[] = [];
  const readiness = createReadiness(["bus", "store"], (state) => told.push(state));
  expect(readiness.ready()).toEqual({ ready: false, missing: ["bus: not yet", "store: not yet"] });
  readiness.set("bus", true, "");
  expect([readiness.ready(), told]).toEqual([{ ready: false, missing: ["store: not yet"] }, []]);
  readiness.set("store", true, "");
  readiness.set("bus", false, "no server is reachable");
  expect([readiness.ready(), told]).toEqual([{ ready: false, missing: ["bus: no server is reachable"] }, ["READY=1"]]);
  readiness.set("bus", true, "");
  expect([readiness.ready(), told]).toEqual([{ ready: true, missing: [] }, ["READY=1"]]);
  readiness.stopping();
  expect([readiness.ready(), told]).toEqual([{ ready: false, missing: ["stopping: asked to stop"] }, ["READY=1", "STOPPING=1"]]);
});
