/** What policy-engines say to each other on `raft.<node>`. */
import type { NodeName } from "@quorate/core";
import type { Message } from "@quorate/raft";
import type { Hello } from "./bootstrap.ts";

/** `clusterId`: the cluster's UUID once it is made; its name before. Packets of another cluster are dropped. */
export type Packet = { readonly clusterId: string } & (
  | { readonly kind: "raft"; readonly message: Message }
  | { readonly kind: "hello"; readonly hello: Hello }
  /** A follower hands proposals to the leader; each carries its request id, so a repeat is applied once. */
  | { readonly kind: "propose"; readonly from: NodeName; readonly data: readonly Uint8Array[] }
);
