import { parseCib } from "@quorate/cib";
import { describe, expect, test } from "vitest";
import { schedule } from "../index.ts";
import type { Decision } from "../index.ts";

interface Site {
  /** Whether `p` runs on n1; else nowhere. */
  readonly active: boolean;
  /** Attributes of the ticket in the status section; null: it is not there at all. */
  readonly ticket: string | null;
  /** Attributes of the constraint. */
  readonly constraint?: string;
}

/** Two nodes, a fence device that runs on n2, and `p`, which needs ticket T. */
function decide({ active, ticket, constraint = "" }: Site): Decision {
  const entry = (id: string, agent: string, runs: boolean): string => `<lrm_resource id="${id}" ${agent}><lrm_rsc_op id="${id}_last_0"
    operation="${runs ? "start" : "monitor"}" interval="0" call-id="1" rc-code="${runs ? 0 : 7}" op-status="0" transition-key="1:1:${runs ? 0 : 7}:x"
    operation_key="${id}_${runs ? "start" : "monitor"}_0" op-digest="f2317cad3d54cec5d7d7aa7d0bf35cf8"/></lrm_resource>`;
  const device = 'class="stonith" type="test"', dummy = 'class="ocf" provider="test" type="Dummy"';
  const state = (node: string): string => `<node_state id="${node}" uname="${node}" in_ccm="true" crmd="online" join="member" expected="member"><lrm id="${node}"><lrm_resources>
    ${entry("device", device, node === "n2")}${entry("p", dummy, active && node === "n1")}</lrm_resources></lrm></node_state>`;
  const cib = parseCib(`<cib validate-with="pacemaker-3.9" crm_feature_set="3.16.1" admin_epoch="0" epoch="1" num_updates="0" have-quorum="1">
    <configuration><crm_config/><nodes><node id="n1" uname="n1"/><node id="n2" uname="n2"/></nodes>
    <resources><primitive id="device" ${device}/><primitive id="p" ${dummy}/></resources>
    <constraints><rsc_ticket id="needs" rsc="p" ticket="T" ${constraint}/></constraints></configuration>
    <status><tickets>${ticket === null ? "" : `<ticket_state id="T" ${ticket}/>`}</tickets>${state("n1")}${state("n2")}</status></cib>`);
  if (!cib.ok) throw new Error(cib.error.issues.map((issue) => issue.message).join("\n"));
  return schedule(cib.value.cib, 0);
}

function plan(decision: Decision): string {
  return [...decision.fencing.map(({ node }) => `fence ${node}`), ...decision.actions.map(({ task, resource }) => `${task} ${resource}`)].join("; ");
}

// Answers are those of the reference
describe("a ticket that is not there", () => {
  test.each<readonly [constraint: string, running: string, stopped: string]>([
    ["", "Stop p", ""],
    ['loss-policy="stop"', "Stop p", ""],
    ['loss-policy="demote"', "Stop p", ""],
    ['loss-policy="fence"', "fence n1; Stop p", ""],
    ['loss-policy="freeze"', "", ""],
    ['rsc-role="Promoted"', "", "Start p"],
    ['rsc-role="Promoted" loss-policy="stop"', "Stop p", ""],
    ['rsc-role="Promoted" loss-policy="fence"', "", "Start p"],
  ])("[%s] what runs: %s; what does not: %s", (constraint, running, stopped) => {
    for (const ticket of [null, 'granted="false"']) {
      expect(plan(decide({ active: true, ticket, constraint }))).toBe(running);
      expect(plan(decide({ active: false, ticket, constraint }))).toBe(stopped);
    }
  });
});

test("with the ticket it runs", () => {
  expect(plan(decide({ active: true, ticket: 'granted="true"' }))).toBe("");
  expect(plan(decide({ active: false, ticket: 'granted="true"' }))).toBe("Start p");
});

test("a ticket in standby is given up in order: what needs it stops, nothing is fenced or frozen", () => {
  for (const policy of ["stop", "fence", "freeze"]) {
    expect(plan(decide({ active: true, ticket: 'granted="true" standby="true"', constraint: `loss-policy="${policy}"` }))).toBe("Stop p");
  }
});

test("the candidates name the ticket", () => {
  const p = decide({ active: false, ticket: null }).assignments.find((assignment) => assignment.resource === "p");
  expect(p?.candidates.map(({ node, terms }) => [node, terms.map(({ source, id, text }) => `${source} ${id}: ${text}`)])).toEqual([
    ["n1", ["ticket T: ticket T is not granted"]], ["n2", ["ticket T: ticket T is not granted"]],
  ]);
});
