import { expect, test } from "vitest";
import { agentParameters, fencingDelayMs, readActionOptions, readDeviceOptions } from "./device-options.ts";
import { parseDurationMs } from "./duration.ts";
import { parseHostList, parseHostMap } from "./host-map.ts";
import { devicesFor } from "./targets.ts";
import type { FenceDevice } from "./types.ts";

const device = (id: string, parameters: Record<string, string>): FenceDevice => ({ id, agent: "fence_test", parameters });

test.each([
  { text: "node1:1;node2:2,3", want: { node1: "1", node2: "2,3" } },
  { text: " node1:1 node2:2;\n node3:3 ; ", want: { node1: "1", node2: "2", node3: "3" } },
  { text: "node1:plug\\ 1;node2:a\\:b\\;c", want: { node1: "plug 1", node2: "a:b;c" } },
  { text: "node1", want: { node1: "node1" } },
  { text: "node1:1;node1:9", want: { node1: "1" } },
  { text: "node1:;:3;;", want: {} },
  { text: "node1:a:b", want: { node1: "a:b" } },
])("host map: $text", ({ text, want }) => expect(Object.fromEntries(parseHostMap(text))).toEqual(want));

test.each([
  { text: "node1,node2 node3;node4\nnode1", want: ["node1", "node2", "node3", "node4"] },
  { text: " , ", want: [] },
])("host list: $text", ({ text, want }) => expect(parseHostList(text)).toEqual(want));

test.each([
  { text: "60", want: 60_000 }, { text: "1.5s", want: 1_500 }, { text: "500ms", want: 500 }, { text: "2min", want: 120_000 },
  { text: " 1 h ", want: 3_600_000 }, { text: "", want: null }, { text: "5 days", want: null }, { text: "-1s", want: null },
])("duration: $text", ({ text, want }) => expect(parseDurationMs(text)).toBe(want));

test.each([
  { name: "host map gives the plug", parameters: { pcmk_host_map: "node1:7" }, target: "node1", want: "7" },
  { name: "host map without the node", parameters: { pcmk_host_map: "node1:7" }, target: "node2", want: null },
  { name: "host list: the plug is the node's name", parameters: { pcmk_host_list: "node1 node2" }, target: "node2", want: "node2" },
  { name: "list and map: the map names the plug, the list adds nodes", parameters: { pcmk_host_list: "node3", pcmk_host_map: "node1:7" }, target: "node3", want: "node3" },
  { name: "none: feeds everything", parameters: { pcmk_host_check: "none" }, target: "node2", want: "node2" },
  { name: "none with a map still maps", parameters: { pcmk_host_check: "none", pcmk_host_map: "node2:4" }, target: "node2", want: "4" },
  { name: "nothing said: not used until the device has listed the node", parameters: {}, target: "node2", want: null },
  { name: "listed", parameters: {}, target: "node2", listed: ["node1", "node2"], want: "node2" },
  { name: "dynamic-list with a map asks for the plug", parameters: { pcmk_host_check: "dynamic-list", pcmk_host_map: "node2:4" }, target: "node2", listed: ["4"], want: "4" },
  { name: "static-list without any names feeds nothing", parameters: { pcmk_host_check: "static-list" }, target: "node2", want: null },
])("devicesFor: $name", ({ parameters, target, listed, want }) => {
  const found = devicesFor(target, [device("d", parameters as Record<string, string>)], listed === undefined ? new Map() : new Map([["d", listed]]));
  expect(found.map(({ plug }) => plug)).toEqual(want === null ? [] : [want]);
});

test("devicesFor keeps the order given", () => {
  const feeds = { pcmk_host_list: "node1" };
  expect(devicesFor("node1", [device("b", feeds), device("x", {}), device("a", feeds)]).map((found) => found.device.id)).toEqual(["b", "a"]);
});

test.each([
  { parameters: {}, chance: 0.9, want: 0 },
  { parameters: { pcmk_delay_base: "5s" }, chance: 0.9, want: 5_000 },
  { parameters: { pcmk_delay_max: "10s" }, chance: 0.25, want: 2_500 },
  { parameters: { pcmk_delay_base: "4s", pcmk_delay_max: "10s" }, chance: 0.5, want: 7_000 },
  { parameters: { pcmk_delay_base: "8s", pcmk_delay_max: "2s" }, chance: 0.5, want: 8_000 },
  { parameters: { pcmk_delay_base: "node1:1s;node2:9s" }, chance: 0, want: 9_000 },
  { parameters: { pcmk_delay_base: "node1:1s" }, chance: 0, want: 0 },
])("delay: $parameters at chance $chance", ({ parameters, chance, want }) => {
  expect(fencingDelayMs(device("d", parameters as Record<string, string>), "node2", chance)).toBe(want);
});

test.each([
  { text: undefined, want: 1 }, { text: "4", want: 4 }, { text: "-1", want: 0 }, { text: "0", want: 1 }, { text: "many", want: 1 },
])("pcmk_action_limit $text", ({ text, want }) => {
  expect(readDeviceOptions(device("d", text === undefined ? {} : { pcmk_action_limit: text })).actionLimit).toBe(want);
});

test("options of one action; pcmk parameters do not reach the agent", () => {
  const pdu = device("d", { ip: "10.0.0.1", pcmk_off_timeout: "20s", pcmk_off_retries: "0", pcmk_off_action: "kill", pcmk_host_argument: "none" });
  expect(readActionOptions(pdu, "off")).toEqual({ name: "kill", timeoutMs: 20_000, tries: 1 });
  expect(readActionOptions(pdu, "on")).toEqual({ name: "on", timeoutMs: null, tries: 2 });
  expect(readDeviceOptions(pdu).hostArgument).toBeNull();
  expect(agentParameters(pdu)).toEqual({ ip: "10.0.0.1" });
});
