import { expect, test } from "vitest";
import { parseCib } from "./cib.ts";
import { liveErrors } from "./live-limits.ts";

const primitive = (id: string, inner = ""): string => `<primitive id="${id}" class="ocf" provider="test" type="Dummy">${inner}</primitive>`;

test.each([
  { name: "what can be run", resources: `<group id="g">${primitive("a")}</group><clone id="c">${primitive("b")}</clone>`, want: [] },
  { name: "a bundle", resources: `<bundle id="b"><docker image="i"/></bundle>`, want: ["/cib/configuration//bundle[@id=\"b\"]: bundles cannot run"] },
  { name: "a remote node", resources: `<primitive id="r" class="ocf" provider="pacemaker" type="remote"/>`, want: ["/cib/configuration//primitive[@id=\"r\"]: remote nodes cannot run"] },
  { name: "a guest node", resources: primitive("vm", `<meta_attributes id="vm-m"><nvpair id="vm-r" name="remote-node" value="guest"/></meta_attributes>`), want: ["/cib/configuration//nvpair[@id=\"vm-r\"]: guest nodes (meta attribute remote-node) cannot run"] },
  { name: "unfencing", resources: primitive("a", `<meta_attributes id="a-m"><nvpair id="a-r" name="requires" value="unfencing"/></meta_attributes>`), want: ["/cib/configuration//nvpair[@id=\"a-r\"]: nodes are not unfenced"] },
])("$name", ({ resources, want }) => {
  const parsed = parseCib(`<cib admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config/><nodes/><resources>${resources}</resources><constraints/></configuration><status/></cib>`);
  if (!parsed.ok) throw new Error(parsed.error.issues.map(({ message }) => message).join("\n"));
  expect(liveErrors(parsed.value.cib.root).map(({ path, message }) => `${path}: ${message.split(" in a live")[0]}`)).toEqual(want);
});

test.each([
  { name: "shutdown-lock", value: "true", want: ["shutdown locks are not kept in a live cluster yet; this release knows it in simulation only"] },
  { name: "shutdown-lock", value: "false", want: [] },
  { name: "priority-fencing-delay", value: "15s", want: ["fencing is not delayed by priority in a live cluster yet; this release knows it in simulation only"] },
  { name: "priority-fencing-delay", value: "0", want: [] },
])("the option $name=$value", ({ name, value, want }) => {
  const parsed = parseCib(`<cib admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config><cluster_property_set id="o"><nvpair id="o-1" name="${name}" value="${value}"/></cluster_property_set></crm_config><nodes/><resources/><constraints/></configuration><status/></cib>`);
  if (!parsed.ok) throw new Error(parsed.error.issues.map(({ message }) => message).join("\n"));
  expect(liveErrors(parsed.value.cib.root).map(({ message }) => message)).toEqual(want);
});
