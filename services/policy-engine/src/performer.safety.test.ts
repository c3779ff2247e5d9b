import type { EngineInput } from "@quorate/controller";
import { QuorateError } from "@quorate/core";
import { silentLogger } from "@quorate/runtime";
import { expect, test } from "vitest";
import { type PerformerOptions, createPerformer } from "./performer.ts";
import { subjectsOf } from "./subjects.ts";

test.each(["QUORATE_DISCONNECTED", "QUORATE_TIMEOUT"] as const)("a fencing whose request ended with %s has an unknown outcome: it may have reached its gateway", async (code) => {
  const bus = { request: () => Promise.reject(new QuorateError(code, "the connection broke")) };
  const input = await new Promise<EngineInput>((post) => {
    const performer = createPerformer({ bus, subjects: subjectsOf("c"), log: silentLogger, post } as unknown as PerformerOptions);
    performer.perform({ kind: "fenceRequest", gateway: "n2", request: { authority: { term: 1, view: 1 }, fenceId: "f1", action: "off", target: "n3", targetBootId: "b3", devices: [], timeoutMs: 1_000 } });
  });
  expect(input).toMatchObject({ kind: "fenceReply", reply: { fenceId: "f1", outcome: "unknown" } });
});
