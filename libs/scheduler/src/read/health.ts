/** Health of nodes as people see it; what it is worth to resources is a location constraint (1-state D9). */
import { parseScore } from "@quorate/cib";
import type { Cluster } from "../model/cluster.ts";

/** The worst of what a node's `#health` attributes say. Without a strategy nobody looks. */
export function readHealth(cluster: Cluster): void {
  const { strategy, red, yellow, green } = cluster.options.health;
  if (strategy === "none") return;
  for (const node of cluster.nodes) {
    for (const [name, value] of node.attributes) {
      if (!name.startsWith("#health")) continue;
      const word = value.toLowerCase(), score = parseScore(value, { red, yellow, green });
      if (word === "red" || (word !== "yellow" && score <= red)) node.health = "red";
      else if (node.health === "green" && (word === "yellow" || (score <= yellow && yellow !== green))) node.health = "yellow";
    }
  }
}
