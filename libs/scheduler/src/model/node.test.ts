import { expect, test } from "vitest";
import { compareNodeNames } from "./node.ts";

test("nodes are listed as people count", () => {
  const names = ["node10", "Node2", "node1", "a", "node", "node07", "node7"];
  expect(names.toSorted(compareNodeNames)).toEqual(["a", "node", "node1", "Node2", "node7", "node07", "node10"]);
});
