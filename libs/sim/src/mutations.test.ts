import { expect, test, vi } from "vitest";
import { MUTATIONS } from "./mutation.ts";
import { runScenario } from "./scenario.ts";

/** Whole clusters on a busy machine. */
vi.setConfig({ testTimeout: 60_000 });

const FOUND = [
  { mutation: "vote-not-synced", seed: 34, want: /^invariant 1: n\d voted for n\d and for n\d in term/ },
  { mutation: "stale-term-obeyed", seed: 47, want: /^invariant 4: .* claimed is \d+ view/ },
  { mutation: "fence-timeout-is-success", seed: 3, want: /^invariant 3: fencing of n\d is in the log as succeeded, and it runs on/ },
  { mutation: "start-before-claim", seed: 1, want: /^invariant 4: .* claimed is 0 view 0/ },
  { mutation: "view-by-minority", seed: 2, want: /^view by minority: n\d was declared lost on the word of/ },
] as const;

test("every deliberate fault has a seed here", () => {
  expect(FOUND.map(({ mutation }) => mutation)).toEqual(MUTATIONS);
});

test.each(FOUND)("$mutation: seed $seed fails for this reason, and holds without the fault", ({ mutation, seed, want }) => {
  expect(runScenario({ seed, mutation }).violation).toMatch(want);
  expect(runScenario({ seed }).violation).toBeNull();
});
