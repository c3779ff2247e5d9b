/** A whole test cluster: machines, their power switch, and a client of each node. */
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type QuorateClient, connectClient } from "@quorate/client";
import { type PduEmulator, startPduEmulator } from "../../../deploy/peers/pdu-emulator.ts";
import type { Layout } from "./layout.ts";
import { loopbackMachine } from "./loopback-machine.ts";
import type { Machine, ProgramSettings } from "./machine.ts";
import { makeBridge, namespaceMachine, removeBridge } from "./namespace-machine.ts";
import { type NodeSettings, writeNodeFiles } from "./node-files.ts";

export interface ClusterOptions {
  readonly layout: Layout;
  readonly kind: "loopback" | "namespaces";
  readonly programs: ProgramSettings;
  readonly settings: Omit<NodeSettings, "layout" | "clusterKey" | "initialCib">;
  /** Makes the first CIB when the power switch's address is known. */
  readonly initialCib: (pdu: { readonly address: string; readonly port: number }) => string | null;
}

export interface Switching {
  readonly node: string;
  readonly powered: boolean;
  /** Wall clock, when the outlet had switched. */
  readonly atMs: number;
}

export interface Cluster {
  readonly layout: Layout;
  readonly machines: ReadonlyMap<string, Machine>;
  readonly pdu: PduEmulator;
  /** What the power switch did, in order. */
  readonly switchings: readonly Switching[];
  machine(node: string): Machine;
  client(node: string): QuorateClient;
  /** Polls until `condition` gives a value; the error says what was waited for. */
  until<T>(what: string, condition: () => Promise<T | null | false>, timeoutMs?: number): Promise<T>;
  stop(): Promise<void>;
}

const POLL_MS = 50;

/** What machines are joined by; call it before anything binds to the layout's addresses. */
export async function makeNetwork(layout: Layout, kind: ClusterOptions["kind"]): Promise<void> {
  if (kind === "namespaces") await makeBridge(layout);
}

/** For another cluster after this one; else it vanishes with the namespace it was made in. */
export async function removeNetwork(kind: ClusterOptions["kind"]): Promise<void> {
  if (kind === "namespaces") await removeBridge();
}

export async function startCluster(options: ClusterOptions, writeCib: (text: string) => string): Promise<Cluster> {
  const { layout, kind, programs } = options;
  mkdirSync(layout.sharedDir, { recursive: true });
  const machines = new Map<string, Machine>();
  const switchings: Switching[] = [];
  const pdu = await startPduEmulator({
    address: layout.hostAddress,
    port: 1161,
    outlets: layout.nodes.map(({ name }, index) => ({ number: index + 1, name })),
    onSwitch: async ({ outlet, powered }) => {
      const machine = machines.get(outlet.name)!;
      if (powered !== machine.isOn()) await (powered ? machine.powerOn() : machine.powerOff());
      switchings.push({ node: outlet.name, powered, atMs: Date.now() });
    },
  });
  const cib = options.initialCib({ address: pdu.address, port: pdu.port });
  const settings: NodeSettings = { ...options.settings, layout, clusterKey: randomBytes(32).toString("hex"), initialCib: cib === null ? null : writeCib(cib) };
  layout.nodes.forEach((place, index) => {
    writeNodeFiles(place, settings);
    machines.set(place.name, kind === "loopback" ? loopbackMachine(place, { layout, programs }) : namespaceMachine(place, { layout, programs, index: index + 1 }));
  });
  return handle({ layout, machines, pdu, switchings });
}

function handle({ layout, machines, pdu, switchings }: Pick<Cluster, "layout" | "machines" | "pdu" | "switchings">): Cluster {
  const clients = new Map<string, QuorateClient>();
  const machine = (node: string): Machine => {
    const found = machines.get(node);
    if (found === undefined) throw new Error(`no machine ${node}`);
    return found;
  };
  return {
    layout, machines, pdu, switchings, machine,
    client(node) {
      const known = clients.get(node);
      if (known !== undefined) return known;
      const made = connectClient({ address: `unix:${join(machine(node).place.dir, "run", "policy-engine.sock")}` });
      clients.set(node, made);
      return made;
    },
    until,
    async stop() {
      for (const client of clients.values()) client.close();
      await pdu.close();
      await Promise.all([...machines.values()].filter((one) => one.isOn()).map((one) => one.powerOff()));
    },
  };
}

async function until<T>(what: string, condition: () => Promise<T | null | false>, timeoutMs = 30_000): Promise<T> {
  const limit = performance.now() + timeoutMs;
  let last = "";
  while (performance.now() < limit) {
    try {
      const value = await condition();
      if (value !== null && value !== false) return value;
    } catch (error) {
      last = `; last error: ${error instanceof Error ? error.message : String(error)}`;
    }
    await sleep(POLL_MS);
  }
  throw new Error(`waited ${timeoutMs} ms for ${what}${last}`);
}
