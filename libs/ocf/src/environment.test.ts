import { expect, test } from "vitest";
import { type AgentCall, operationEnvironment } from "./environment.ts";

const call: AgentCall = {
  resource: "address:0",
  agent: { provider: "heartbeat", type: "IPaddr2" },
  task: "monitor",
  intervalMs: 10_000,
  timeoutMs: 20_000,
  parameters: { ip: "10.0.0.1", nic: "" },
  meta: { "clone-max": "2", notify_type: "pre" },
};
const host = { node: "node1", ocfRoot: "/usr/lib/ocf", stateDirectory: "/run/quorate/agents" };

test("is exactly what the standard and the field's shell functions read", () => {
  expect(operationEnvironment(call, host)).toEqual({
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    LC_ALL: "C",
    OCF_RA_VERSION_MAJOR: "1",
    OCF_RA_VERSION_MINOR: "1",
    OCF_ROOT: "/usr/lib/ocf",
    OCF_RESOURCE_INSTANCE: "address:0",
    OCF_RESOURCE_TYPE: "IPaddr2",
    OCF_RESOURCE_PROVIDER: "heartbeat",
    OCF_CHECK_LEVEL: "0",
    HA_RSCTMP: "/run/quorate/agents",
    OCF_RESKEY_crm_feature_set: "3.16.2",
    OCF_RESKEY_ip: "10.0.0.1",
    OCF_RESKEY_nic: "",
    OCF_RESKEY_CRM_meta_clone_max: "2",
    OCF_RESKEY_CRM_meta_notify_type: "pre",
    OCF_RESKEY_CRM_meta_name: "monitor",
    OCF_RESKEY_CRM_meta_interval: "10000",
    OCF_RESKEY_CRM_meta_timeout: "20000",
    OCF_RESKEY_CRM_meta_on_node: "node1",
  });
});

test("the check level of the operation, a feature set and a place for tools are passed on; no provider, no variable", () => {
  const environment = operationEnvironment(
    { ...call, agent: { provider: null, type: "x" }, parameters: { OCF_CHECK_LEVEL: "10", crm_feature_set: "3.19.0" } },
    { ...host, sbinDirectory: "/opt/quorate/sbin" },
  );
  expect(environment).toMatchObject({ OCF_CHECK_LEVEL: "10", OCF_RESKEY_OCF_CHECK_LEVEL: "10", OCF_RESKEY_crm_feature_set: "3.19.0", HA_SBIN_DIR: "/opt/quorate/sbin" });
  expect(environment).not.toHaveProperty("OCF_RESOURCE_PROVIDER");
});

test("a name or value that no environment can hold is left out", () => {
  const environment = operationEnvironment({ ...call, parameters: { "a=b": "1", "c\0": "2", d: "3\0", "e-f": "4" } }, host);
  expect(Object.keys(environment).filter((name) => /RESKEY_[acde]($|\W)/.test(name))).toEqual(["OCF_RESKEY_e-f"]);
});
